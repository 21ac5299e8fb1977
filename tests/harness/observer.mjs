// One more viewer of a room, without a player: the SDK in this process. It tells what the room agreed on and when.
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { monotonicMs, root } from './engine.mjs';

const { WebSocket } = createRequire(path.join(root, 'clients/package.json'))('ws');
let sdk;

async function loadSdk() {
  const folder = mkdtempSync(path.join(tmpdir(), 'playhead-sdk-'));
  const outfile = path.join(folder, 'sdk.mjs');
  try {
    await build({
      stdin: {
        contents: `export { joinRoom } from './room.js'; export { browserEnvironment, socketOn } from './environment.js';`,
        resolveDir: path.join(root, 'clients/sdk/src'), loader: 'ts',
      },
      bundle: true, format: 'esm', platform: 'node', outfile, logLevel: 'error',
    });
    return await import(pathToFileURL(outfile));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// Joins; resolves once live. `origin` is what serverOrigin() found.
export async function observe(engine, room, origin) {
  sdk ??= await loadSdk();
  const environment = sdk.browserEnvironment();
  const viewer = sdk.joinRoom(
    {
      url: `${engine.url.replace('http', 'ws')}/ws/${room.room}`, room: room.room, joinToken: room.join_token, name: 'observer',
      device: 'observer', store: { take: () => undefined, put: () => undefined },
    },
    {
      ...environment,
      openSocket: (url, handlers) => sdk.socketOn((to, protocol) => new WebSocket(to, protocol), () => performance.now(), url, handlers),
    },
  );
  const motions = []; // { heardMs, motion }
  viewer.subscribe(() => {
    const motion = viewer.view.confirmedMotion;
    if (motion !== motions.at(-1)?.motion) motions.push({ heardMs: monotonicMs(), motion });
  });
  const until = async (what, holds, timeoutMs = 10_000) => {
    for (const endMs = monotonicMs() + timeoutMs; !holds(); ) {
      if (monotonicMs() > endMs) throw new Error(`not within ${timeoutMs} ms: ${what}; ${JSON.stringify(viewer.view.problem ?? viewer.view.motion)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  await until('the observer is live', () => viewer.view.status === 'live');
  return {
    viewer,
    until,
    // The true time at which the first motion heard after `fromMs` that fits takes effect: its start, or the tick of its pause.
    effectMs: (fromMs, fits = () => true) => {
      const found = motions.find(({ heardMs, motion }) => heardMs >= fromMs && fits(motion));
      return found && origin.originMs + (found.motion.pending ?? found.motion.current).anchorMs;
    },
    leave: () => viewer.leave(),
  };
}
