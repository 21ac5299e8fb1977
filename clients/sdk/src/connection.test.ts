import { describe, expect, it } from "vitest";
import { decodeClientMessage, encodeServerMessage } from "../test/engine-wire.js";
import { FakeEnvironment, FakeTime } from "../test/fake-environment.js";
import {
  BUFFERED_BYTES_MAX,
  Connection,
  JOIN_MS_MAX,
  SILENCE_MS_MAX,
  STABLE_MS,
} from "./connection.js";
import type { ServerMessage, Welcome } from "./messages.js";
import type { Ending } from "./retry.js";

const welcome: Welcome = {
  type: "welcome",
  protocol: 1,
  room: "demo",
  viewer: 3,
  roles: 0,
  resumeToken: "r.demo.x",
  resumed: false,
  clockId: "1",
  tickUs: 50_000,
  serverTimeUs: 0,
  reportIntervalMs: 1000,
  pingIntervalMs: 250,
  commandsPerS: 10,
  commandBurst: 20,
};
const state: ServerMessage = {
  type: "snapshot",
  epoch: 1,
  version: 1,
  tick: 1,
  stateHash: 0,
  fields: { viewers: [], removedViewers: [] },
};

function setUp() {
  const asking: { answer: Ending | undefined } = { answer: undefined };
  const time = new FakeTime();
  const environment = new FakeEnvironment(time, () => 0.999);
  const log: string[] = [];
  let resumeToken = "";
  const connection: Connection = new Connection("ws://engine/ws/demo", environment, {
    hello: () => ({
      type: "hello",
      room: "demo",
      joinToken: "j.demo.x",
      resumeToken,
      name: "",
      haveEpoch: 0,
      haveVersion: 0,
      client: "",
      device: "",
    }),
    askForToken: async () => {
      log.push("ask");
      return asking.answer;
    },
    forgetPlace: () => {
      resumeToken = "";
      log.push("forget");
    },
    welcome: (message) => {
      resumeToken = message.resumeToken;
      log.push("welcome");
    },
    message: (message) => {
      log.push(message.type);
      return message.type === "snapshot";
    },
    malformed: () => log.push("malformed"),
    changed: () => log.push(connection.status),
    lost: () => log.push("lost"),
  });
  const say = (message: ServerMessage) => environment.socket.receive(encodeServerMessage(message));
  const goLive = () => {
    environment.socket.handlers.opened();
    say(welcome);
    say(state);
  };
  return { time, environment, connection, log, say, goLive, asking };
}

/** The hello is refused: token_stale. */
function refuseToken(environment: FakeEnvironment) {
  environment.socket.handlers.opened();
  environment.socket.handlers.closed(4009);
}

describe("a connection", () => {
  it("says hello first and is live with the first state", () => {
    const { environment, connection, log, goLive } = setUp();
    connection.start();
    expect(connection.send({ type: "bye" })).toBe(false);
    goLive();
    expect(log).toEqual(["connecting", "joining", "welcome", "snapshot", "live"]);
    const sent = environment.socket.sent.map((bytes) => decodeClientMessage(bytes).type);
    expect(sent).toEqual(["hello"]);
    expect(connection.send({ type: "bye" })).toBe(true);
  });

  it("asks for another token where the link's opens nothing, and says hello with that", async () => {
    const { time, environment, connection, log, goLive } = setUp();
    connection.start();
    refuseToken(environment);
    await time.advance(0);
    expect(environment.sockets).toHaveLength(2);
    goLive();
    expect(connection.status).toBe("live");
    expect(log.filter((entry) => entry === "ask")).toHaveLength(1);

    // Where there is none to be had, it is told why; a door that is only shut for a while is tried again.
    const refused = setUp();
    refused.asking.answer = { code: "banned", message: "no", resumable: true, retryMs: 0 };
    refused.connection.start();
    refuseToken(refused.environment);
    await refused.time.advance(20_000);
    expect(refused.connection.problem?.code).toBe("banned");
    expect(refused.environment.sockets).toHaveLength(1);
    const limited = setUp();
    limited.asking.answer = { code: "rate_limited", message: "", resumable: true, retryMs: 5_000 };
    limited.connection.start();
    refuseToken(limited.environment);
    await limited.time.advance(4_900);
    expect(limited.environment.sockets).toHaveLength(1);
    limited.asking.answer = undefined;
    await limited.time.advance(1_000);
    refuseToken(limited.environment);
    await limited.time.advance(0);
    limited.goLive();
    expect(limited.connection.status).toBe("live");
  });

  it("closes when the other token opens nothing either", async () => {
    const { time, environment, connection } = setUp();
    connection.start();
    refuseToken(environment);
    await time.advance(0);
    refuseToken(environment);
    await time.advance(20_000);
    expect(connection.status).toBe("closed");
    expect(environment.sockets).toHaveLength(2);
  });

  it("does not wait for ever for a socket that never opens, nor for a welcome that never comes", async () => {
    const { time, environment, connection } = setUp();
    connection.start();
    await time.advance(JOIN_MS_MAX - 1);
    expect(connection.status).toBe("connecting");
    await time.advance(2);
    expect(connection.status).toBe("reconnecting");
    expect(environment.socket.closedByClient).toBe(true);
    await time.advance(300);
    expect(environment.sockets).toHaveLength(2);
    environment.socket.handlers.opened();
    await time.advance(JOIN_MS_MAX + 1_000);
    expect(environment.sockets).toHaveLength(3);
  });

  it("hears nothing from a socket that it has let go of", async () => {
    const { time, environment, connection, log, goLive } = setUp();
    connection.start();
    goLive();
    const { handlers } = environment.socket;
    handlers.closed(1006);
    await time.advance(1_000);
    goLive();
    const before = log.length;
    handlers.message(encodeServerMessage(state), 0);
    handlers.closed(1006);
    handlers.opened();
    handlers.text();
    expect(log).toHaveLength(before);
    expect(connection.status).toBe("live");
  });

  it("refuses a second welcome without believing it", () => {
    const { connection, log, say, goLive } = setUp();
    connection.start();
    goLive();
    say({ ...welcome, viewer: 9 });
    expect(log.filter((entry) => entry === "welcome")).toHaveLength(1);
    expect(log.at(-1)).toBe("malformed");
  });

  it("tells a sleeping page from a silent engine: after waking the engine may still speak", async () => {
    const { time, environment, connection, say, goLive } = setUp();
    connection.start();
    goLive();
    // Timers stood still for a minute; what the engine sent meanwhile is read a moment later.
    time.after(10, () => {
      time.nowMs += 60_000;
    });
    await time.advance(SILENCE_MS_MAX + 10);
    expect(connection.status).toBe("live");
    say(state);
    await time.advance(4_000);
    expect(connection.status).toBe("live");
    await time.advance(SILENCE_MS_MAX);
    expect(connection.status).toBe("reconnecting");
    expect(environment.sockets.length).toBeGreaterThan(0);
  });

  it("waits longer after each failure, and starts afresh once a connection was stable", async () => {
    const { time, environment, connection, say, goLive } = setUp();
    const waits: number[] = [];
    connection.start();
    for (let i = 0; i < 4; i += 1) {
      environment.socket.handlers.closed(1006);
      waits.push(Math.round((connection.problem?.retryAtMs ?? 0) - environment.now()));
      await time.advance(5_000);
    }
    expect(waits).toEqual([250, 500, 999, 1998]);
    goLive();
    for (let ms = 0; ms < STABLE_MS; ms += 1_000) {
      await time.advance(1_000);
      say(state);
    }
    environment.socket.handlers.closed(1006);
    expect(Math.round((connection.problem?.retryAtMs ?? 0) - environment.now())).toBe(250);
  });

  it("comes back when the engine has room for it, not sooner whoever asks, and with its place", async () => {
    const { time, environment, connection, log, say, goLive } = setUp();
    connection.start();
    goLive();
    environment.socket.handlers.closed(1006);
    await time.advance(300);
    environment.socket.handlers.opened();
    say({
      type: "goodbye",
      code: "rate_limited",
      message: "too many are joining at the moment",
      resumable: true,
      retryMs: 4_000,
    });
    expect(connection.status).toBe("reconnecting");
    expect(connection.problem?.code).toBe("rate_limited");
    const waitMs = (connection.problem?.retryAtMs ?? 0) - environment.now();
    expect(waitMs).toBeGreaterThan(4_000);
    expect(waitMs).toBeLessThan(4_500);
    connection.retry("page");
    connection.retry("person");
    await time.advance(3_990);
    expect(environment.sockets).toHaveLength(2);
    await time.advance(600);
    expect(environment.sockets).toHaveLength(3);
    environment.socket.handlers.opened();
    const [hello] = environment.socket.sent.map((bytes) => decodeClientMessage(bytes));
    expect(hello).toMatchObject({ type: "hello", resumeToken: "r.demo.x" });
    expect(log).not.toContain("forget");
  });

  it("drops what may be lost when a socket does not drain, and nothing else", () => {
    const { environment, connection, goLive } = setUp();
    connection.start();
    goLive();
    environment.socket.buffered = BUFFERED_BYTES_MAX + 1;
    expect(connection.send({ type: "ping", t0Us: 1 }, "mayBeLost")).toBe(false);
    expect(connection.send({ type: "resync", version: 1, stateHash: 1, mismatch: false })).toBe(
      true,
    );
  });

  it("closes with a reason when the address is no address", () => {
    const { environment, connection } = setUp();
    environment.openSocket = () => {
      throw new SyntaxError("invalid url");
    };
    connection.start();
    expect(connection.status).toBe("closed");
    expect(connection.problem).toEqual({ code: "malformed", message: "invalid url" });
  });

  it("keeps the reason while it tries again", async () => {
    const { time, environment, connection } = setUp();
    connection.start();
    environment.socket.handlers.closed(4018);
    expect(connection.problem).toMatchObject({ code: "slow" });
    await time.advance(300);
    expect(environment.sockets).toHaveLength(2);
    expect(connection.problem).toEqual({
      code: "slow",
      message: "the connection was closed: slow",
    });
  });
});
