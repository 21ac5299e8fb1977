// Runs the test files of this folder one after the other (`node run.mjs [FILE...]`) and ends with "N passed, N failed".
// These tests share two cores with up to four browsers: a file that fails is run once more by itself, and what failed the
// first time is told in any case. What fails twice has failed.
//   PLAYHEAD_BUILD     the programs that are tested, build/release unless it says otherwise
//   SANITIZER_REPORTS  where a sanitizer writes (log_path); each report there is a failure of the file that ran, and no retry
//                      makes it good
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const folders = ['harness', 'bench/profile', 'e2e', 'conformance', 'hostile'];
const files = process.argv.length > 2
  ? process.argv.slice(2)
  : folders.flatMap((folder) =>
      readdirSync(path.join(here, folder)).filter((name) => name.endsWith('.test.mjs')).sort().map((name) => path.join(folder, name)));

const fileMsMax = 15 * 60_000;

// Resolves with { passed, failed, names } once the file's tests have ended; a file that breaks has failed once at least.
function runFile(file) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--test', file], { cwd: here, stdio: ['ignore', 'pipe', 'inherit'] });
    const timer = setTimeout(() => child.kill('SIGTERM'), fileMsMax); // one that never ends has failed
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      const total = (word) => Number(output.match(new RegExp(`^# ${word} (\\d+)$`, 'm'))?.[1] ?? 0);
      const failed = total('fail') + total('cancelled');
      const names = [...output.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, name]) => name);
      resolve({ passed: total('pass'), failed: code === 0 ? failed : Math.max(failed, 1), names });
    });
  });
}

const reports = process.env.SANITIZER_REPORTS;
const told = new Set();
// Those that nobody has been told of yet; prints them.
function newReports() {
  if (reports === undefined || !existsSync(reports)) return 0;
  const fresh = readdirSync(reports).filter((name) => !told.has(name));
  for (const name of fresh) {
    told.add(name);
    console.log(readFileSync(path.join(reports, name), 'utf8'));
  }
  return fresh.length;
}

let passed = 0;
let failed = 0;
const unsteady = [];
for (const file of files) {
  let result = await runFile(file);
  if (result.failed > 0) {
    const first = result;
    console.log(`\n${file}: ${first.failed} failed (${first.names.join('; ') || 'it ended early'}); once more`);
    result = await runFile(file);
    if (result.failed === 0) unsteady.push(`${file}: ${first.names.join('; ') || 'it ended early'}`);
  }
  const complaints = newReports();
  if (complaints > 0) console.log(`\n${file}: ${complaints} reports of a sanitizer`);
  passed += result.passed;
  failed += result.failed + complaints;
}
if (unsteady.length > 0) console.log(`\nfailed once, then passed:\n  ${unsteady.join('\n  ')}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
