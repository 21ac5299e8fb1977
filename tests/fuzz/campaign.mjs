// Runs libFuzzer targets for a while each, adds what they did to tests/fuzz/campaigns.json and rewrites the table in
// tests/fuzz/README.md. What was found to be interesting is kept in var/fuzz/TARGET for the next campaign.
//   tools/build fuzz && node tests/fuzz/campaign.mjs [--minutes 10] [--only TARGET,TARGET] [--jobs 1]
// --jobs: so many targets at a time.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const programs = path.join(root, 'build/fuzz/tests/fuzz');
const ledger = path.join(here, 'campaigns.json');
const readme = path.join(here, 'README.md');

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, only: { type: 'string' }, jobs: { type: 'string', default: '1' } } });
const seconds = Math.round(Number(values.minutes) * 60);
if (!(seconds >= 1 && seconds <= 86_400)) throw new Error('--minutes wants a number of minutes, at most a day of them');

const jobs = Number(values.jobs);
if (!(Number.isInteger(jobs) && jobs >= 1 && jobs <= 64)) throw new Error('--jobs wants a whole number from 1 to 64');

const all = readdirSync(path.join(here, 'corpus')).sort();
const targets = values.only ? values.only.split(',') : all;
for (const target of targets) if (!all.includes(target)) throw new Error(`there is no target ${target}; there are ${all.join(', ')}`);

const totals = existsSync(ledger) ? JSON.parse(readFileSync(ledger, 'utf8')) : {};

// Resolves with what libFuzzer counted: executions, edges of code reached, inputs that it kept, and what broke.
function fuzz(target) {
  const folder = path.join(root, 'var/fuzz', target);
  mkdirSync(path.join(folder, 'found'), { recursive: true });
  mkdirSync(path.join(folder, 'corpus'), { recursive: true });
  const child = spawn(
    path.join(programs, `fuzz_${target}`),
    [`-max_total_time=${seconds}`, '-print_final_stats=1', '-timeout=60', '-rss_limit_mb=4096', `-artifact_prefix=${folder}/found/`, path.join(folder, 'corpus'), path.join(here, 'corpus', target)],
    { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const seen = { executions: 0, edges: 0, features: 0, inputs: 0 };
  let told = 0;
  const began = Date.now();
  const last = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    last.push(line);
    if (last.length > 30) last.shift();
    const pulse = /^#(\d+)\s.*cov: (\d+) ft: (\d+) corp: (\d+)/.exec(line);
    if (pulse) {
      [seen.executions, seen.edges, seen.features, seen.inputs] = pulse.slice(1).map(Number);
      if (Date.now() - told > 30_000) console.error(`${target}: ${seen.executions} executions, ${seen.edges} edges`);
      if (Date.now() - told > 30_000) told = Date.now();
    }
    const executed = /^stat::number_of_executed_units:\s+(\d+)/.exec(line);
    if (executed) seen.executions = Number(executed[1]);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code !== 0) console.error(`${target}: ended with ${code}\n${last.join('\n')}`);
      resolve({ ...seen, seconds: Math.round((Date.now() - began) / 1000), broke: code !== 0 });
    });
  });
}

function table() {
  const rows = Object.keys(totals).sort().map((target) => {
    const { seconds: time, executions, edges, inputs, findings } = totals[target];
    return `| \`${target}\` | ${Math.round(time / 60)} | ${executions.toLocaleString('en')} | ${edges.toLocaleString('en')} | ${inputs.toLocaleString('en')} | ${findings} |`;
  });
  return ['| target | minutes | executions | edges reached | inputs kept | findings |', '|---|---|---|---|---|---|', ...rows].join('\n');
}

// Adds what a target has done to the totals, and writes them down at once.
function count(target, done) {
  const before = totals[target] ?? { seconds: 0, executions: 0, edges: 0, inputs: 0, findings: 0 };
  totals[target] = {
    seconds: before.seconds + done.seconds,
    executions: before.executions + done.executions,
    edges: Math.max(before.edges, done.edges),
    inputs: Math.max(before.inputs, done.inputs),
    findings: before.findings + (done.broke ? 1 : 0),
  };
  writeFileSync(ledger, `${JSON.stringify(totals, null, 2)}\n`);
  const text = readFileSync(readme, 'utf8');
  writeFileSync(readme, text.replace(/(<!-- campaigns -->\n)[^]*?(<!-- end -->)/, `$1${table()}\n$2`));
  console.error(`${target}: ${done.executions} executions, ${done.edges} edges, ${done.broke ? 'BROKEN' : 'nothing found'}`);
}

const waiting = [...targets];
await Promise.all(Array.from({ length: jobs }, async () => {
  for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) count(target, await fuzz(target));
}));
