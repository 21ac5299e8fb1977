// The shipped engine binary, on a free port of this machine, for as long as a test needs it.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 5_000;

export interface CreatedRoom {
  readonly room: string;
  readonly link: string;
  readonly join_token: string;
  readonly owner_token: string;
}

export class EngineProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly url: string,
  ) {}

  /** `more`: further lines of its config. */
  static async start(binary: string, more = ""): Promise<EngineProcess> {
    const folder = mkdtempSync(join(tmpdir(), "playhead-sdk-"));
    const script = join(folder, "config.lua");
    writeFileSync(
      script,
      `return { listen = "127.0.0.1:0", web_root = ".", media_folder = ".", limits = { rooms_created_per_minute = 600 }, ${more} }\n`,
    );
    const child = spawn(binary, [script], { stdio: ["ignore", "pipe", "pipe"] });
    const url = await new Promise<string>((resolve, reject) => {
      let output = "";
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`the engine was not ready in time:\n${output}`));
      }, START_MS_MAX);
      const look = (chunk: Buffer) => {
        output += chunk.toString();
        const ready = /ready.*url=(http:\/\/\S+)/.exec(output);
        if (ready?.[1] === undefined) return;
        clearTimeout(timer);
        resolve(ready[1]);
      };
      child.stdout.on("data", look);
      child.stderr.on("data", look);
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`the engine ended with ${code}:\n${output}`)));
    });
    return new EngineProcess(child, folder, url);
  }

  async createRoom(body: object): Promise<CreatedRoom> {
    const response = await fetch(`${this.url}/api/v1/rooms`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
    return (await response.json()) as CreatedRoom;
  }

  async metric(name: string): Promise<number | undefined> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const line = text.split("\n").find((one) => one.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  }

  socketUrl(room: string): string {
    return `${this.url.replace(/^http/, "ws")}/ws/${room}`;
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
