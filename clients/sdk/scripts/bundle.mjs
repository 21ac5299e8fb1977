// Bundles the SDK as an app would (ES module, minified, FlatBuffers included) and tells its size.
//   node scripts/bundle.mjs           writes dist/playhead-sdk.js
//   node scripts/bundle.mjs --check   fails when the gzipped size is above the budget
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const sdk = join(dirname(fileURLToPath(import.meta.url)), "..");
const { sizeBudgetBytes } = JSON.parse(readFileSync(join(sdk, "package.json"), "utf8"));
const check = process.argv.includes("--check");

const { outputFiles } = await build({
  entryPoints: [join(sdk, "src", "index.ts")],
  outfile: join(sdk, "dist", "playhead-sdk.js"),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: false,
  write: false,
});
const bytes = outputFiles[0].contents;
if (!check) {
  const { mkdirSync, writeFileSync } = await import("node:fs");
  mkdirSync(join(sdk, "dist"), { recursive: true });
  writeFileSync(outputFiles[0].path, bytes);
}
const gzipped = gzipSync(bytes, { level: 9 }).length;
console.log(`playhead-sdk: ${bytes.length} bytes, ${gzipped} gzipped, budget ${sizeBudgetBytes}`);
if (check && gzipped > sizeBudgetBytes) {
  console.error("the SDK is above its size budget (sizeBudgetBytes in clients/sdk/package.json)");
  process.exit(1);
}
