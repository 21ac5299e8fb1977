// Connect tokens in the wrong hands, at the wrong door, at the wrong time, or twice; and the address that gives them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startEngine } from '../harness/engine.mjs';
import { ERROR_CODES, frame, encodeClientMessage, guard, helloOf, join, RawViewer, rawStatus, sleep, startBesieged, until } from './client.mjs';

const refusal = (name) => ({ goodbye: name, closeCode: 4000 + ERROR_CODES.indexOf(name) });
const tokenLifeMs = 30_000;

const ask = async (engine, room, body, headers = {}) => {
  const response = await fetch(`${engine.url}/api/v1/rooms/${room}/join`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers,
  });
  return { status: response.status, retryAfter: response.headers.get('retry-after'), ...(await response.json()) };
};

const sayHello = async (engine, { room = 'target', address = room, ...who }) => {
  const viewer = await new RawViewer(engine, address).untilUpgraded();
  viewer.send(frame(encodeClientMessage(helloOf({ room, ...who }))));
  return viewer;
};
const endingOf = async (engine, who) => (await sayHello(engine, who)).ending();

describe('connect tokens', { timeout: 120_000 }, () => {
  let engine;
  let link;
  let issued;
  let early;
  let issuedAtMs;
  const fresh = async () => (await ask(engine, 'target', { token: link })).connect_token;

  before(async () => {
    engine = await startBesieged();
    link = await engine.token('target');
    issued = await ask(engine, 'target', { token: link });
    early = await fresh();
    issuedAtMs = Date.now();
  });
  after(() => engine?.stop());

  it('say what a client needs, and nothing of the link', () => {
    assert.equal(issued.status, 200);
    assert.match(issued.connect_token, /^c\.target\.[\w-]{187}$/);
    assert.equal(issued.expires_in_ms, tokenLifeMs);
    assert.match(issued.clock_id, /^\d+$/);
    for (const key of Object.values(issued.keys)) assert.match(key, /^[\w-]{43}$/);
    assert.notEqual(issued.keys.client_to_engine, issued.keys.engine_to_client);
    assert.equal(JSON.stringify(issued).includes(link.split('.')[2]), false);
  });

  it('open once, however many try at once', async () => {
    const undisturbed = await guard(engine);
    const token = await fresh();
    const viewers = await Promise.all(Array.from({ length: 20 }, () => sayHello(engine, { token })));
    await until(() => viewers.every((viewer) => viewer.find('welcome') || viewer.closed), 'an answer to each');
    assert.equal(viewers.filter((viewer) => viewer.find('welcome')).length, 1);
    for (const viewer of viewers) {
      if (viewer.find('welcome')) viewer.destroy();
      else assert.deepEqual(await viewer.ending(), refusal('token_stale'));
    }
    assert.deepEqual(await endingOf(engine, { token }), refusal('token_stale'));
    await undisturbed();
  });

  it('open no other room, and lose nothing by being tried there', async () => {
    const token = await fresh();
    assert.deepEqual(await endingOf(engine, { token, room: 'neighbour' }), refusal('token_foreign'));
    assert.deepEqual(await endingOf(engine, { token, address: 'neighbour' }), refusal('malformed'));
    const renamed = token.replace('c.target.', 'c.neighbour.');
    assert.deepEqual(await endingOf(engine, { token: renamed, room: 'neighbour' }), refusal('token_wrong'));
    (await join(engine, { room: 'target', token })).destroy();
  });

  it('open nothing when altered, cut or dressed up as another kind', async () => {
    const token = await fresh();
    const body = token.length - 187;
    for (let at = body; at < token.length; at += 11) {
      const altered = token.slice(0, at) + (token[at] === 'A' ? 'Q' : 'A') + token.slice(at + 1);
      assert.deepEqual(await endingOf(engine, { token: altered }), refusal('token_wrong'), `at ${at}`);
    }
    for (const bad of [token.slice(0, -1), `${token}A`, 'c.target.', 'c..', `j${token.slice(1)}`, `r${token.slice(1)}`, `${token.slice(0, -1)}=`]) {
      assert.deepEqual(await endingOf(engine, { token: bad }), refusal('token_malformed'), bad);
    }
    assert.deepEqual(await endingOf(engine, { token: '', resumeToken: token }), refusal('token_malformed'));
    (await join(engine, { room: 'target', token })).destroy();
  });

  it('open no other engine', async () => {
    const other = await startBesieged();
    try {
      const { connect_token: token } = await ask(other, 'target', { token: await other.token('target') });
      assert.deepEqual(await endingOf(engine, { token }), refusal('token_wrong'));
    } finally {
      await other.stop();
    }
  });

  it('lead back to a kept place, and are stale when it is gone', async () => {
    const viewer = await join(engine, { room: 'target', token: await fresh() });
    const { viewer: id, resumeToken } = viewer.find('welcome');
    const back = await ask(engine, 'target', { resume_token: resumeToken });
    const late = await ask(engine, 'target', { resume_token: resumeToken });
    const again = await join(engine, { room: 'target', token: back.connect_token });
    assert.deepEqual([again.find('welcome').viewer, again.find('welcome').resumed], [id, true]);
    again.say({ type: 'bye' });
    await again.untilClosed();
    assert.deepEqual(await endingOf(engine, { token: late.connect_token }), refusal('token_stale'));
  });

  it('are not to be had with the wrong things in hand', async () => {
    const left = async () => (await engine.figures()).playhead_viewers - (await engine.figures()).playhead_sessions;
    await until(async () => (await left()) === 0 || (await left()), 'whoever was here before has lost its place');
    const undisturbed = await guard(engine);
    const code = async (body, room = 'target') => {
      const { status, error } = await ask(engine, room, body);
      return [status, error?.code];
    };
    const wrong = `j.target.${'A'.repeat(22)}`;
    assert.deepEqual(await code({}), [400, 'token_missing']);
    assert.deepEqual(await code({ token: 'x' }), [400, 'token_malformed']);
    assert.deepEqual(await code({ token: wrong }), [403, 'token_wrong']);
    assert.deepEqual(await code({ token: wrong.replace('j', 'o') }), [403, 'token_wrong']);
    assert.deepEqual(await code({ token: await engine.token('neighbour') }), [403, 'token_foreign']);
    assert.deepEqual(await code({ resume_token: wrong.replace('j', 'r') }), [403, 'token_stale']);
    assert.deepEqual(await code({ token: await fresh() }), [400, 'token_malformed']); // no token from a token
    assert.deepEqual(await code({ token: link }, 'nowhere'), [404, 'room_unknown']);
    for (const body of ['{', '[]', '"x"', '{"token":7}', '{"token":null,"x":1}', JSON.stringify({ token: 'x'.repeat(513) })]) {
      assert.deepEqual(await code(body), [400, 'malformed'], body.slice(0, 40));
    }
    assert.equal((await ask(engine, 'target', JSON.stringify({ token: 'x'.repeat(9000) }))).status, 413);
    assert.equal((await ask(engine, 'target', { token: link }, { Origin: 'https://evil.example' })).status, 403);
    assert.equal((await fetch(`${engine.url}/api/v1/rooms/target/join`)).status, 405);
    assert.equal(await rawStatus(engine, 'POST /api/v1/rooms/%2e%2e/join HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n'), 400);
    await undisturbed();
  });

  it('expire', async () => {
    await sleep(issuedAtMs + tokenLifeMs + 100 - Date.now());
    assert.deepEqual(await endingOf(engine, { token: early }), refusal('token_stale'));
  });
});

describe('an engine that takes connect tokens only, and few a minute', { timeout: 60_000 }, () => {
  let engine;
  before(async () => {
    engine = await startEngine({
      log_level: 'warn',
      web_root: '',
      media_folder: '',
      rooms: [{ id: 'target', listed: true }],
      connect_tokens_only: true,
      limits: { joins_per_minute: 5 },
    });
  });
  after(() => engine?.stop());

  it('refuses the bare link, and a flood of requests with the time to wait', async () => {
    const { join_token: link } = await engine.api('GET', '/api/v1/rooms/target');
    assert.deepEqual(await endingOf(engine, { token: link }), refusal('token_stale'));
    const answers = [];
    for (let n = 0; n < 12; n++) answers.push(await ask(engine, 'target', { token: n % 2 ? link : 'x' }));
    const limited = answers.filter((answer) => answer.status === 429);
    assert.ok(limited.length >= 6 && limited.length <= 8, `${limited.length} of 12 refused`);
    for (const answer of limited) {
      assert.equal(answer.error.code, 'rate_limited');
      assert.ok(Number(answer.retryAfter) >= 1 && Number(answer.retryAfter) <= 12, answer.retryAfter);
    }
    const { connect_token: token } = answers.find((answer) => answer.status === 200);
    (await join(engine, { room: 'target', token })).destroy();
  });
});
