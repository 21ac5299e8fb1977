// Samples a process with perf: its own time only, by the processor clock, with whole stacks by the debug information, so that
// what ships is what is looked at. The kernel's stacks come with it, which takes root or a kernel.perf_event_paranoid below 2.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Calls } from './calls.mjs';

export const samplesPerSecond = 997; // a prime, so as not to beat in time with ticks
const stackBytes = 16_384;

const environment = { ...process.env, DEBUGINFOD_URLS: '', LC_ALL: 'C' };

// Starts perf beside the process, not sampling yet. { begin(), end() }: the second one resolves when the file is written.
export async function startPerf(pid, folder) {
  const file = path.join(folder, `perf.${pid}`);
  const child = spawn(
    'perf',
    ['record', '--event', 'cpu-clock', '--freq', String(samplesPerSecond), '--call-graph', `dwarf,${stackBytes}`, '--mmap-pages', '8M',
      '--no-buildid-cache', '--delay', '-1', '--control', 'fd:3,4', '--output', file, '--pid', String(pid)],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'], env: environment },
  );
  const [, , , control, answers] = child.stdio;
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  control.on('error', () => {}); // told by its end
  const ended = once(child, 'exit');
  const told = async (word) => {
    const answer = once(answers, 'data');
    control.write(`${word}\n`);
    const first = await Promise.race([answer, ended.then(() => undefined)]);
    if (!first) throw new Error(`perf does not sample process ${pid}:\n${errors}`);
  };
  return {
    file,
    begin: () => told('enable'),
    end: async () => {
      await told('disable');
      child.kill('SIGINT');
      await ended;
      if (/lost [1-9]/i.test(errors)) throw new Error(`perf has lost samples:\n${errors}`);
    },
  };
}

// What was sampled, as a Calls that has taken all of it.
export async function readPerf(file, options) {
  const child = spawn('perf', ['script', '--input', file, '--no-inline', '--fields', 'comm,tid,ip,sym,dso'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
  });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const ended = once(child, 'exit');
  const calls = new Calls(options);
  for await (const line of createInterface({ input: child.stdout })) calls.take(line);
  const [code] = await ended;
  if (code !== 0) throw new Error(`perf script ended with ${code}:\n${errors.slice(-2000)}`);
  calls.end();
  return calls;
}
