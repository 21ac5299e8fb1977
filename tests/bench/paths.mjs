// Bad paths to servers of this machine, inside a private network namespace (see private-network): each path is an address of
// its own, 127.0.0.2 and up, on which every port of the server appears impaired. Delay, jitter and lost datagrams are
// tools/impair's. TCP segments are lost in the kernel, on the clients' side of the proxy, because a proxy cannot lose them;
// they are sent again after the kernel's shortest timeout (200 ms) or sooner, not after the long way's round trip.
import { execFileSync, spawn } from 'node:child_process';
import { build, stop, untilLine } from '../harness/engine.mjs';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const table = 'playhead_loss';

function nft(rules) {
  execFileSync('nft', ['-f', '-'], { input: rules, stdio: ['pipe', 'inherit', 'inherit'] });
}

function retransmitted() {
  const [names, values] = readFileSync('/proc/net/snmp', 'utf8').split('\n').filter((line) => line.startsWith('Tcp:')).map((line) => line.split(' '));
  return Number(values[names.indexOf('RetransSegs')]);
}

// paths: [{ delayMs, jitterMs, lossPercent }]; tcp, udp: ports of servers on 127.0.0.1. A server that takes a port on every
// address appears on another: { port, to }.
// Returns { hosts, sentAgain(), stop() }: one host a path, in their order; how many TCP segments had to be sent again.
export async function startPaths(paths, { tcp = [], udp = [], seed = 1 }) {
  const hosts = paths.map((_, n) => `127.0.0.${n + 2}`);
  const links = paths.flatMap(({ delayMs, jitterMs, lossPercent }, n) => [
    ...tcp.map((each) => `listen=${hosts[n]}:${each.port ?? each},to=127.0.0.1:${each.to ?? each},delay=${delayMs},jitter=${jitterMs}`),
    ...udp.map((port) => `protocol=udp,listen=${hosts[n]}:${port},to=127.0.0.1:${port},delay=${delayMs},jitter=${jitterMs},loss=${lossPercent}`),
  ]);
  const child = spawn(
    path.join(build, 'tools/impair/playhead-impair'),
    ['--seed', String(seed), ...links.flatMap((each) => ['--link', each]), '--exit-with-parent'],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  await untilLine(child, /ready ports=([\d,]+)\n/, 'the impairment proxy');
  const drops = paths.flatMap(({ lossPercent }, n) =>
    lossPercent > 0
      ? ['saddr', 'daddr'].map((side) => `ip ${side} ${hosts[n]} meta l4proto tcp numgen random mod 10000 < ${Math.round(lossPercent * 100)} drop`)
      : [],
  );
  try {
    nft(['table inet', table, '{\nchain input {\ntype filter hook input priority 0\n', drops.join('\n'), '\n}\n}\n'].join(' '));
  } catch (error) {
    await stop(child);
    throw error;
  }
  const before = retransmitted();
  return {
    hosts,
    sentAgain: () => retransmitted() - before,
    stop: async () => {
      nft(`delete table inet ${table}\n`);
      await stop(child);
    },
  };
}
