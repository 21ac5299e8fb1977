#!/usr/bin/env node
// Writes clock.json and controller.json anew from the simulations in clients/sdk/src/sync/{clock,controller}-vectors.ts, and
// constants.json from the constants themselves (constant-vectors.ts). Only for a change of behaviour that is meant:
// look at the difference before committing it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const clients = join(here, "../../clients");
const { buildSync } = createRequire(join(clients, "package.json"))("esbuild");

/** One case after another, one step a line: a difference then shows the step that changed. */
function write(name, { cases, ...head }) {
  const lines = cases.map(({ steps, ...rest }) => {
    const start = JSON.stringify(rest).slice(0, -1);
    return `${start},"steps":[\n${steps.map((step) => JSON.stringify(step)).join(",\n")}\n]}`;
  });
  const start = JSON.stringify(head).slice(0, -1);
  writeFileSync(join(here, name), `${start},"cases":[\n${lines.join(",\n")}\n]}\n`);
}

const scratch = mkdtempSync(join(tmpdir(), "playhead-vectors-"));
try {
  const load = (name) => {
    const outfile = join(scratch, `${name}.mjs`);
    const entry = join(clients, `sdk/src/sync/${name}.ts`);
    buildSync({ entryPoints: [entry], bundle: true, format: "esm", platform: "node", outfile });
    return import(pathToFileURL(outfile));
  };
  write("clock.json", (await load("clock-vectors")).buildClockVectors());
  write("controller.json", (await load("controller-vectors")).buildControllerVectors());
  const constants = (await load("constant-vectors")).buildConstants();
  writeFileSync(join(here, "constants.json"), `${JSON.stringify(constants, null, 2)}\n`);
} finally {
  rmSync(scratch, { recursive: true });
}
