// Generates src/generated from the schemas; skipped when the output is newer than every schema.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const sdk = join(dirname(fileURLToPath(import.meta.url)), "..");
const schemas = ["common.fbs", "client.fbs", "server.fbs"].map((name) =>
  join(sdk, "..", "..", "schemas", name),
);
const output = join(sdk, "src", "generated");
const stamp = join(output, ".stamp");

const sources = [...schemas, fileURLToPath(import.meta.url)];
const newest = Math.max(...sources.map((path) => statSync(path).mtimeMs));
if (!(existsSync(stamp) && statSync(stamp).mtimeMs >= newest)) {
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  try {
    execFileSync(process.env.FLATC ?? "flatc", ["--ts", "-o", output, ...schemas], {
      stdio: ["ignore", "inherit", "inherit"],
    });
  } catch (error) {
    console.error(`flatc failed (${error.message}); Debian has it as flatbuffers-compiler`);
    process.exit(1);
  }
  writeFileSync(stamp, "");
  const now = new Date();
  utimesSync(stamp, now, now);
}
