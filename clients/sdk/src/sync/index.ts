export * from "./clock.js";
export { step } from "./controller.js";
export {
  type ControllerAction,
  type ControllerInput,
  type ControllerState,
  initialState,
  type Phase,
  type StepResult,
} from "./controller-state.js";
export * from "./motion.js";
export { type PingProgress, pingSchedule } from "./ping-schedule.js";
export { SyncLoop, type SyncLoopOptions, type SyncTelemetry } from "./sync-loop.js";
