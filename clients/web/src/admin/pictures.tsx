// Small pictures of numbers, drawn in the page's colours. Each says in words what it shows; hovering tells more.
import type { Buckets } from "./overview";

const height = 100;
/** What is there is seen, however little of it there is. */
const heightMin = 2;
/** So many labels fit below a picture on a phone. */
const labelsMax = 6;

export interface HistogramProps {
  /** Words for the whole of it. */
  label: string;
  buckets: Buckets;
  /** A bound in milliseconds, as text. */
  format: (ms: number) => string;
  /** Bars of what lies above this are drawn as a warning. */
  limitMs: number;
  /** What is counted: "ticks". */
  unit: string;
  testId: string;
}

export function Histogram({ label, buckets, format, limitMs, unit, testId }: HistogramProps) {
  const { le, counts } = buckets;
  const most = Math.max(1, ...counts);
  const every = Math.ceil(le.length / labelsMax);
  const nameOf = (at: number): string => {
    const bound = le[at];
    return bound === undefined ? `above ${format(le.at(-1) ?? 0)}` : `up to ${format(bound)}`;
  };
  return (
    <div className="histogram">
      <svg
        viewBox={`0 0 ${counts.length || 1} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
        data-testid={testId}
      >
        {counts.map((value, at) => {
          const tall = value > 0 ? Math.max(heightMin, (value / most) * height) : 0;
          // What lies between two bounds is as bad as the lower one is.
          const bad = (le[at - 1] ?? 0) >= limitMs;
          return (
            <g key={le[at] ?? "above"}>
              <title>{`${nameOf(at)}: ${value} ${unit}`}</title>
              <rect className="histogram-hover" x={at} y={0} width={1} height={height} />
              <rect
                className={bad ? "bar bar-bad" : "bar"}
                data-count={value}
                x={at + 0.08}
                y={height - tall}
                width={0.84}
                height={tall}
              />
            </g>
          );
        })}
      </svg>
      <div className="histogram-axis" aria-hidden="true">
        {le.map(
          (bound, at) =>
            at % every === 0 && (
              <span key={bound} style={{ left: `${((at + 1) / counts.length) * 100}%` }}>
                {format(bound)}
              </span>
            ),
        )}
      </div>
    </div>
  );
}

export interface SparklineProps {
  label: string;
  values: readonly number[];
  /** How many values fill the width: a short history begins at the right. */
  width: number;
}

export function Sparkline({ label, values, width }: SparklineProps) {
  const most = Math.max(1e-9, ...values);
  const points = values.map(
    (value, at) => `${width - values.length + at},${height - (value / most) * (height - 4) - 2}`,
  );
  const first = width - values.length;
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${width - 1} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {points.length > 1 && (
        <>
          <polygon points={`${first},${height} ${points.join(" ")} ${width - 1},${height}`} />
          <polyline points={points.join(" ")} vectorEffect="non-scaling-stroke" />
        </>
      )}
    </svg>
  );
}

/** A share of one, as a bar; more than one is a full bar in the colour of trouble. */
export function Load({ label, share, words }: { label: string; share: number; words: string }) {
  const percent = Math.min(100, share * 100);
  return (
    <div className="load">
      <span className="load-label">{label}</span>
      {/* A <meter> cannot be drawn in the page's colours everywhere. */}
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <span
        className="load-bar"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(percent)}
        aria-valuetext={words}
      >
        <span
          className={share > 0.8 ? "load-fill load-bad" : "load-fill"}
          style={{ width: `${percent}%` }}
        />
      </span>
      <span className="load-words">{words}</span>
    </div>
  );
}
