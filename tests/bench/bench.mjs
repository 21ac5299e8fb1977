// What benchmarks written in JavaScript have in common: options, progress on standard error, medians with their spread, how
// busy the machine was, and one flat JSON object as the last line.
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { median, percentile } from '../harness/timeline.mjs';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const shown = (value, digits = 3) => Math.round(value * 10 ** digits) / 10 ** digits;

// `options`: whole numbers by name, each { value, quick, max }: what it is, what it is with --quick, and the most it may be.
// Words that are no numbers are listed in `only`, as `--only part`.
export class Bench {
  #name;
  #began = Date.now();
  #results = {};
  #loads = [];
  #seed = 1;
  #values = {};
  only;

  constructor(name, options, parts = []) {
    this.#name = name;
    const words = process.argv.slice(2);
    for (const [key, { value }] of Object.entries(options)) this.#values[key] = value;
    while (words.length > 0) {
      const word = words.shift();
      const key = word.replace(/^--/, '');
      if (word === '--quick') {
        for (const [each, { quick }] of Object.entries(options)) if (quick !== undefined) this.#values[each] = quick;
      } else if (word === '--only' && parts.length > 0) {
        this.only = words.shift();
        if (!parts.includes(this.only)) this.#refuse(`--only is '${this.only}'; expected one of ${parts.join(', ')}`);
      } else if (word.startsWith('--') && key in options) {
        const value = Number(words.shift());
        const { min = 1, max } = options[key];
        if (!Number.isInteger(value) || value < min || value > max) this.#refuse(`${word} wants a whole number from ${min} to ${max}`);
        this.#values[key] = value;
      } else {
        this.#refuse(`unknown option '${word}'`);
      }
    }
    if (Object.keys(networkInterfaces()).some((each) => each !== 'lo')) this.#refuse('it wants a network of its own; start it by tests/bench/run');
  }

  #refuse(what) {
    console.error(`${this.#name}: ${what}; see the head of tests/bench/${this.#name}/main.mjs`);
    process.exit(2);
  }

  // What was asked for.
  get values() {
    return this.#values;
  }
  // With --only, that part alone is run.
  wants(part) {
    return this.only === undefined || this.only === part;
  }

  say(text) {
    console.error(`[${String(Math.round((Date.now() - this.#began) / 1000)).padStart(4)} s] ${text}`);
  }
  // The machine's load average now, which is told as least and most at the end.
  noteLoad() {
    this.#loads.push(loadavg()[0]);
    return shown(this.#loads.at(-1), 1);
  }

  set(key, value, digits = 3) {
    this.#results[key] = shown(value, digits);
  }
  // The median, with the 10th and 90th percentile beside it.
  spread(key, list, digits = 3) {
    this.set(key, median(list), digits);
    this.set(`${key}_p10`, percentile(list, 0.1), digits);
    this.set(`${key}_p90`, percentile(list, 0.9), digits);
    return this.#results[key];
  }

  // The same list in another order, from a seed, so that nobody always follows the same neighbour.
  shuffled(list) {
    const left = [...list];
    const order = [];
    while (left.length > 0) {
      this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) >>> 0;
      order.push(...left.splice((this.#seed >>> 16) % left.length, 1));
    }
    return order;
  }

  // Runs it in a folder that is there meanwhile, ends what it has handed to `closing(stop)`, prints what was found, and exits.
  async run(work) {
    const folder = mkdtempSync(path.join(tmpdir(), `playhead-${this.#name}-`));
    const stops = [];
    let failed = false;
    try {
      this.noteLoad();
      await work({ folder, closing: (stop) => stops.push(stop) });
    } catch (error) {
      this.say(`failed: ${error.stack}`);
      failed = true;
    } finally {
      for (const stop of stops.reverse()) await stop();
      rmSync(folder, { recursive: true, force: true });
    }
    this.noteLoad();
    this.set('load_average_min', Math.min(...this.#loads), 2);
    this.set('load_average_max', Math.max(...this.#loads), 2);
    this.set('seconds', (Date.now() - this.#began) / 1000, 0);
    console.log(JSON.stringify(this.#results));
    process.exit(failed ? 1 : 0);
  }
}
