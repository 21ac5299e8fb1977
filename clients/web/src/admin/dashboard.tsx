// What the engine does, as numbers and pictures.
import type { ReactNode } from "react";
import {
  countOf,
  formatBytes,
  formatCount,
  formatShare,
  formatShortTime,
  formatUptime,
} from "../lib/format";
import { historyMax, quantileOf, ratesOf, recentRate, recentTicks, totalOf } from "./history";
import type { Overview, Shard } from "./overview";
import { Histogram, Load, Sparkline } from "./pictures";
import { PluginTable, RoomTable } from "./tables";

const sumOf = (overview: Overview, value: (shard: Shard) => number): number =>
  overview.shards.reduce((sum, shard) => sum + value(shard), 0);

const bound = (ms: number | null): string =>
  ms === null ? "–" : Number.isFinite(ms) ? `≤ ${formatShortTime(ms)}` : "off the scale";

function Tile(props: { name: string; testId: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div className="tile">
      <dt>{props.name}</dt>
      <dd>
        <span className="tile-value" data-testid={props.testId}>
          {props.children}
        </span>
        {props.note !== undefined && <span className="muted">{props.note}</span>}
      </dd>
    </div>
  );
}

function Headline({ newest, history }: { newest: Overview; history: readonly Overview[] }) {
  const ticks = recentTicks(history);
  const skipped = sumOf(newest, ({ ticksSkipped }) => ticksSkipped);
  const slow = sumOf(newest, (shard) => shard.slow);
  return (
    <dl className="tiles">
      <Tile name="Rooms" testId="admin-rooms">
        {formatCount(sumOf(newest, ({ rooms }) => rooms))}
      </Tile>
      <Tile
        name="Viewers"
        testId="admin-viewers"
        note={countOf(
          sumOf(newest, ({ sessions }) => sessions),
          "connection",
        )}
      >
        {formatCount(sumOf(newest, ({ viewers }) => viewers))}
      </Tile>
      <Tile
        name="Tick, p99"
        testId="admin-tick"
        note={`of ${formatShortTime(newest.tickMs)}; half ${bound(quantileOf(ticks, 0.5))}`}
      >
        {bound(quantileOf(ticks, 0.99))}
      </Tile>
      <Tile name="Skipped ticks" testId="admin-skipped" note="since it was started">
        {skipped > 0 ? <span className="bad">{formatCount(skipped)}</span> : "0"}
      </Tile>
      <Tile
        name="Drift, p95"
        testId="admin-drift"
        note={`half ${bound(quantileOf(newest.driftMs, 0.5))}`}
      >
        {bound(quantileOf(newest.driftMs, 0.95))}
      </Tile>
      <Tile
        name="Slow connections"
        testId="admin-slow"
        note={`${formatCount(sumOf(newest, ({ slowTotal }) => slowTotal))} times so far, ${formatCount(
          sumOf(newest, ({ slowClosed }) => slowClosed),
        )} closed`}
      >
        {slow > 0 ? <span className="bad">{formatCount(slow)}</span> : "0"}
      </Tile>
    </dl>
  );
}

interface FlowProps {
  name: string;
  history: readonly Overview[];
  total: (overview: Overview) => number;
  format: (value: number) => string;
  testId: string;
}

function Flow({ name, history, total, format, testId }: FlowProps) {
  const now = recentRate(history, total);
  const rates = ratesOf(history, total);
  const words = now === null ? "–" : `${format(now)}/s`;
  const most = `at most ${format(Math.max(0, ...rates))}/s of late`;
  return (
    <div className="flow">
      <h3>{name}</h3>
      <span className="tile-value" data-testid={testId}>
        {words}
      </span>
      <Sparkline label={`${name}: ${words}, ${most}`} values={rates} width={historyMax - 1} />
    </div>
  );
}

function Shards({ newest, history }: { newest: Overview; history: readonly Overview[] }) {
  return (
    <ul className="shards">
      {newest.shards.map((shard) => {
        const name = newest.shards.length > 1 ? `Shard ${shard.index}` : "The shard";
        const busy = recentRate(history, ({ shards }) => shards[shard.index]?.cpuS ?? 0);
        return (
          <li key={shard.index} data-testid="admin-shard">
            <p>
              {name}: {countOf(shard.rooms, "room")}, {countOf(shard.viewers, "viewer")},{" "}
              {formatCount(shard.ticksSkipped)} of {formatCount(shard.ticks + shard.ticksSkipped)}{" "}
              ticks skipped, plugins put off {formatCount(shard.ticksPutOff)} times
            </p>
            <Load label="Ticks" share={shard.tickLoad} words={formatShare(shard.tickLoad)} />
            <Load
              label="Thread"
              share={busy ?? 0}
              words={busy === null ? "–" : formatShare(busy)}
            />
          </li>
        );
      })}
    </ul>
  );
}

export function Dashboard({ history }: { history: readonly Overview[] }) {
  const newest = history.at(-1);
  if (!newest) return null;
  const ticks = recentTicks(history);
  const drifting = totalOf(newest.driftMs);
  const seenS = newest.uptimeS - (history[0]?.uptimeS ?? 0);
  const since = history.length > 1 ? `in the last ${formatUptime(seenS)}` : "since it was started";
  return (
    <>
      <p className="muted" data-testid="admin-engine">
        Playhead {newest.version}, up for {formatUptime(newest.uptimeS)},{" "}
        {newest.tickMs > 0 ? Math.round(1000 / newest.tickMs) : 0} ticks a second
        {newest.draining && <strong className="bad"> · closing down</strong>}
      </p>
      <Headline newest={newest} history={history} />
      <div className="panels">
        <section className="card panel" aria-labelledby="admin-ticks-title">
          <h2 id="admin-ticks-title">Ticks</h2>
          <p className="muted">How long each took, {since}</p>
          <Histogram
            label={`Ticks ${since}: half took ${bound(quantileOf(ticks, 0.5))}, 99 of 100 ${bound(quantileOf(ticks, 0.99))}`}
            buckets={ticks}
            format={formatShortTime}
            limitMs={newest.tickMs / 2}
            unit="ticks"
            testId="admin-tick-histogram"
          />
        </section>
        <section className="card panel" aria-labelledby="admin-drift-title">
          <h2 id="admin-drift-title">Drift</h2>
          <p className="muted">
            How far {countOf(drifting, "viewer")} {drifting === 1 ? "is" : "are"} from where the
            room is
          </p>
          <Histogram
            label={`Drift of ${countOf(drifting, "viewer")}: half ${bound(quantileOf(newest.driftMs, 0.5))}, 95 of 100 ${bound(quantileOf(newest.driftMs, 0.95))}`}
            buckets={newest.driftMs}
            format={formatShortTime}
            limitMs={80}
            unit="viewers"
            testId="admin-drift-histogram"
          />
        </section>
        <section className="card panel" aria-labelledby="admin-load-title">
          <h2 id="admin-load-title">Load</h2>
          <p className="muted">Share of the ticks' time, and of a processor</p>
          <Shards newest={newest} history={history} />
        </section>
        <section className="card panel" aria-labelledby="admin-sends-title">
          <h2 id="admin-sends-title">Sends</h2>
          <div className="flows">
            <Flow
              name="Sends"
              history={history}
              total={(overview) => sumOf(overview, ({ sends }) => sends)}
              format={formatCount}
              testId="admin-sends"
            />
            <Flow
              name="Bytes"
              history={history}
              total={(overview) => sumOf(overview, ({ sentBytes }) => sentBytes)}
              format={formatBytes}
              testId="admin-bytes"
            />
            <Flow
              name="Passes over a room"
              history={history}
              total={(overview) => sumOf(overview, ({ passes }) => passes)}
              format={formatCount}
              testId="admin-passes"
            />
          </div>
        </section>
      </div>
      <section className="card panel" aria-labelledby="admin-rooms-title">
        <h2 id="admin-rooms-title">Rooms</h2>
        <RoomTable history={history} />
      </section>
      <section className="card panel" aria-labelledby="admin-plugins-title">
        <h2 id="admin-plugins-title">Plugins</h2>
        <PluginTable history={history} />
      </section>
    </>
  );
}
