// Numbers as people read them.

const minus = "\u2212";

/** 63_000 → "1:03"; 3_723_000 → "1:02:03". `withHours` keeps a row of times equally wide. */
export function formatTime(ms: number, withHours = false): string {
  if (!Number.isFinite(ms)) return "–:––";
  const total = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = String(total % 60).padStart(2, "0");
  return hours > 0 || withHours
    ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}`
    : `${minutes}:${seconds}`;
}

const unit = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

/** For screen readers: "1 hour 2 minutes 3 seconds". */
export function spokenTime(ms: number): string {
  if (!Number.isFinite(ms)) return "unknown";
  const total = Math.max(0, Math.floor(ms / 1000));
  const parts = [
    [Math.floor(total / 3600), "hour"],
    [Math.floor((total % 3600) / 60), "minute"],
    [total % 60, "second"],
  ] as const;
  const spoken = parts.filter(([count]) => count > 0).map(([count, word]) => unit(count, word));
  return spoken.length > 0 ? spoken.join(" ") : "0 seconds";
}

/** A signed distance: "+3 ms", "−1.2 s", "0 ms". */
export function formatDrift(ms: number): string {
  const size = Math.abs(ms);
  const rounded = Math.round(size);
  if (rounded === 0) return "0 ms";
  const sign = ms < 0 ? minus : "+";
  if (rounded < 1000) return `${sign}${rounded} ms`;
  return `${sign}${size < 10_000 ? (size / 1000).toFixed(1) : Math.round(size / 1000)} s`;
}

export function formatDuration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** A delay is reported in whole milliseconds. */
export const formatDelay = (ms: number): string =>
  ms < 1 ? "<1 ms" : formatDuration(Math.round(ms)).replace(".0 ", " ");

/** 1 → "1×", 1.25 → "1.25×". */
export const formatRate = (rate: number): string => `${Number(rate.toFixed(2))}×`;

export function formatAgo(fromMs: number, nowMs: number): string {
  const minutes = Math.floor((nowMs - fromMs) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${unit(minutes, "minute")} ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${unit(hours, "hour")} ago`;
  return `${unit(Math.floor(hours / 24), "day")} ago`;
}

export const countOf = unit;

/** Three digits, and the letter of the thousands they stand for. */
function scaled(value: number): string {
  if (value < 999_500) return `${(value / 1e3).toPrecision(3)} k`;
  return value < 999_500_000
    ? `${(value / 1e6).toPrecision(3)} M`
    : `${(value / 1e9).toPrecision(3)} G`;
}

/** As many digits as one reads at a glance: "7", "1,234", "56.8 k", "1.20 M". */
export const formatCount = (value: number): string =>
  value < 9999.5 ? Math.round(value).toLocaleString("en") : scaled(value);

/** "0 B", "532 B", "12.3 kB", "4.56 MB". */
export const formatBytes = (bytes: number): string =>
  bytes < 999.5 ? `${Math.round(bytes)} B` : `${scaled(bytes)}B`;

/** Milliseconds as far as they matter: "32 µs", "1.02 ms", "65.5 ms", "4.19 s". */
export function formatShortTime(ms: number): string {
  if (ms < 0.9995) return `${Number((ms * 1000).toPrecision(3))} µs`;
  return ms < 999.5 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(3))} s`;
}

/** A share of one: "0.4 %", "37 %". */
export const formatShare = (share: number): string =>
  `${share < 0.0995 ? Number((share * 100).toFixed(1)) : Math.round(share * 100)} %`;

/** How long something has run: "45 s", "3 min 20 s", "5 h 2 min", "12 d 3 h". */
export function formatUptime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const hours = Math.floor(whole / 3600);
  if (hours < 24) return `${hours} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
