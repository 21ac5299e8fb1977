// Starts the shipped engine binary on free ports of this machine, and the impairment proxy before it.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const build = process.env.PLAYHEAD_BUILD ?? path.join(root, 'build/release');
const cache = path.join(build, 'CMakeCache.txt');
if (!existsSync(cache)) throw new Error(`${build} holds no build: tools/build makes one, PLAYHEAD_BUILD names another`);
// What its programs are instrumented with, "address" or "thread", or "": they take more time and memory then.
export const sanitizer = /^PLAYHEAD_SANITIZE:\w+=(.*)$/m.exec(readFileSync(cache, 'utf8'))?.[1] ?? '';
const startTimeoutMs = 15_000;
export const startTimeoutMsUnder = 120_000; // a program that another one runs, instruction by instruction

// Resolves with the match once a line of the child's output matches; rejects with that output if it ends or stays silent.
export function untilLine(child, pattern, name, timeoutMs = startTimeoutMs) {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(new Error(`${name} said nothing like ${pattern}:\n${output}`)), timeoutMs);
    const look = (chunk) => {
      output += chunk;
      const match = output.match(pattern);
      if (match) {
        clearTimeout(timer);
        resolve(match);
      }
    };
    child.stdout.on('data', look);
    child.stderr?.on('data', look);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`${name} ended with ${code}:\n${output}`));
    });
  });
}

export function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  return ended.finally(() => clearTimeout(timer));
}

const lua = (value) => {
  if (Array.isArray(value)) return `{${value.map(lua).join(', ')}}`;
  if (value !== null && typeof value === 'object') {
    return `{${Object.entries(value).map(([key, item]) => `${key} = ${lua(item)}`).join(', ')}}`;
  }
  return JSON.stringify(value);
};

// fetch(), as far as it is used here, over HTTPS; believes nobody but the authority `ca`.
const fetchBelieving = (ca) => (url, { method = 'GET', body, headers } = {}) =>
  new Promise((resolve, reject) => {
    const request = https.request(url, { method, headers, ca, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ ok: response.statusCode < 300, status: response.statusCode, text: async () => text, json: async () => JSON.parse(text) }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });

// One that nobody listens at now; ENet's own port has to be known before the engine says it.
export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// Runs the engine with `config` (as in the config script) over defaults that suit a test; with `tls` in it, `ca` is who
// signed the certificate. `preset`: over a script of scripts/, of which plugins and limits stay unless they are named. Its log
// goes to the descriptor `stderr`, if there is one. `under`: a program and its parameters that runs it.
// Returns { url, port, child, api(method, path, body), createRoom(request), metrics(), connect(), stop() }.
export async function startEngine(config = {}, { ca, preset, stderr = 'pipe', under = [] } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'playhead-'));
  const script = path.join(folder, 'config.lua');
  const { limits, plugins, ...rest } = config;
  const said = lua({
    listen: '127.0.0.1:0',
    web_root: path.join(root, 'clients/web/dist'),
    media_folder: path.join(root, 'var/media'),
    ...(preset === undefined ? {} : { plugins_folder: path.join(root, 'plugins'), rooms: [] }),
    ...rest,
  });
  writeFileSync(
    script,
    `local config = ${preset === undefined ? '{}' : `(function()\n${readFileSync(path.join(root, 'scripts', `${preset}.lua`), 'utf8')}\nend)()`}
for key, value in pairs(${said}) do config[key] = value end
for part, more in pairs(${lua({ limits: { rooms_created_per_minute: 600, ...limits }, ...(plugins === undefined ? {} : { plugins }) })}) do
  config[part] = config[part] or {}
  for key, value in pairs(more) do config[part][key] = value end
end
return config\n`,
  );
  const [program, ...parameters] = [...under, path.join(build, 'engine/app/playhead'), script];
  const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', stderr] });
  const [, url] = await untilLine(child, /ready.*url=(https?:\S+)/, 'the engine', under.length > 0 ? startTimeoutMsUnder : undefined);
  const port = Number(new URL(url).port);
  const ask = ca ? fetchBelieving(ca) : fetch;
  const api = async (method, where, body) => {
    const response = await ask(url + where, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} ${where}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  return {
    url,
    port,
    child,
    api,
    createRoom: (request) => api('POST', '/api/v1/rooms', request),
    metrics: async () => (await ask(`${url}/metrics`)).text(),
    connect: () => (ca ? tls.connect({ port, host: '127.0.0.1', ca }) : net.connect(port, '127.0.0.1')),
    stop: () => stop(child).finally(() => rmSync(folder, { recursive: true, force: true })),
  };
}

// One proxied port per entry of `delays` (mean one-way milliseconds), each with the same jitter both ways.
export async function startLinks(port, delays, jitterMs, seed) {
  const links = delays.flatMap((delay) => ['--link', `listen=127.0.0.1:0,delay=${delay}`]);
  const child = spawn(
    path.join(build, 'tools/impair/playhead-impair'),
    ['--to', `127.0.0.1:${port}`, '--jitter-ms', String(jitterMs), '--seed', String(seed), ...links, '--exit-with-parent'],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const [, ports] = await untilLine(child, /ready ports=([\d,]+)\n/, 'the impairment proxy');
  return { urls: ports.split(',').map((each) => `http://127.0.0.1:${each}`), stop: () => stop(child) };
}

// This process's monotonic clock, in milliseconds: the true clock of every measurement.
export const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;

// Where the engine's server time 0 lies on the true clock: the fastest of many exchanges over loopback,
// wrong by half of its round trip at most, which is returned too.
export async function serverOrigin(url, exchanges = 300) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  let best = { originMs: 0, roundTripMs: Infinity };
  for (let n = 0; n < exchanges; n++) {
    const exchange = await new Promise((resolve, reject) => {
      const sent = monotonicMs();
      http.get(`${url}/api/v1/time`, { agent }, (response) => {
          const received = monotonicMs();
          let text = '';
          response.on('data', (chunk) => (text += chunk));
          response.on('end', () => {
            const serverMs = JSON.parse(text).server_time_us / 1000;
            resolve({ originMs: (sent + received) / 2 - serverMs, roundTripMs: received - sent });
          });
        })
        .on('error', reject);
    });
    if (exchange.roundTripMs < best.roundTripMs) best = exchange;
  }
  agent.destroy();
  return best;
}
