// The numbers that every implementation of the client acts on (tests/vectors/README.md), gathered from where they stand.
// Used by tests and by tests/vectors/generate-sync.mjs only.

import * as clockDriver from "../clock-driver.js";
import * as lead from "../lead.js";
import * as predict from "../predict.js";
import * as reports from "../reports.js";
import * as scrub from "../scrub.js";
import * as clock from "./clock.js";
import * as controller from "./controller-constants.js";
import * as pingSchedule from "./ping-schedule.js";
import * as syncLoop from "./sync-loop.js";

/** By file, then by name. */
export type ConstantsFile = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What only timers and tasks of browsers need. */
const BROWSERS_OWN: readonly string[] = [
  "TIMER_SLACK_MS",
  "READING_MS_MAX",
  "READING_ATTEMPTS_MAX",
];

function constantsOf(module: object): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [name, value] of Object.entries(module)) {
    if (typeof value === "number" && !BROWSERS_OWN.includes(name))
      found[name.toLowerCase()] = value;
  }
  return found;
}

export function buildConstants(): ConstantsFile {
  return {
    clock: constantsOf(clock),
    clock_driver: constantsOf(clockDriver),
    controller: constantsOf(controller),
    lead: constantsOf(lead),
    ping_schedule: constantsOf(pingSchedule),
    predict: constantsOf(predict),
    reports: constantsOf(reports),
    scrub: constantsOf(scrub),
    sync_loop: constantsOf(syncLoop),
  };
}
