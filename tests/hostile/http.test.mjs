// HTTP from people who mean no good, against the shipped binary: every answer is the right refusal, and nothing stays.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { guard, handshakeOf, RawConnection, rawStatus, sleep, startBesieged, until } from './client.mjs';

describe('hostile HTTP', { timeout: 120_000 }, () => {
  let engine;
  let folder;
  let undisturbed;
  const get = (target, fields = '') => rawStatus(engine, `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`);

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'playhead-hostile-'));
    writeFileSync(path.join(folder, 'secret.txt'), 'secret');
    for (const name of ['web', 'media', 'media/sub']) mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, 'web/index.html'), '<!doctype html><title>app</title>');
    writeFileSync(path.join(folder, 'media/a.mp4'), Buffer.alloc(4_000_000, 'x'));
    symlinkSync('../secret.txt', path.join(folder, 'media/out.txt'));
    symlinkSync(path.join(folder, 'secret.txt'), path.join(folder, 'media/absolute.txt'));
    symlinkSync('/', path.join(folder, 'media/everything'));
    symlinkSync('..', path.join(folder, 'media/sub/up'));
    engine = await startBesieged({ admin_token: 'open-sesame-and-more', web_root: path.join(folder, 'web'), media_folder: path.join(folder, 'media') });
  });
  beforeEach(async () => {
    undisturbed = await guard(engine);
  });
  afterEach(() => undisturbed());
  after(async () => {
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('a header that comes letter by letter is cut off in time, and told so', async () => {
    const slow = new RawConnection(engine);
    const drip = setInterval(() => slow.send('X'), 200);
    slow.send('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    assert.equal(await slow.status(), 408);
    clearInterval(drip);
    await slow.untilClosed();
  });

  it('[H11] nobody administers the engine without the token, and guessing becomes slow', async () => {
    const reload = (fields) => rawStatus(engine, `POST /api/v1/admin/plugins/reload HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`);
    for (const fields of ['', 'Authorization: Basic b3Blbg==\r\n', 'Authorization: Bearer\r\n', 'Cookie: Bearer open-sesame-and-more\r\n'])
      assert.equal(await reload(fields), 401, fields);
    assert.equal(await get('/api/v1/admin/plugins/reload', 'Authorization: Bearer open-sesame-and-more\r\n'), 405);
    assert.equal(await get('/api/v1/admin/plugins?token=open-sesame-and-more'), 401);
    assert.equal(await get('/api/v1/admin/overview'), 401);
    assert.equal(await get('/api/v1/admin/overview?token=open-sesame-and-more', 'Cookie: token=open-sesame-and-more\r\n'), 401);
    assert.equal(await get('/api/v1/admin/overview', 'Authorization: Bearer open-sesame-and-mor\r\n'), 403);
    const guesses = [];
    for (let n = 0; n < 12; n++) guesses.push(await reload(`Authorization: Bearer open-sesame-and-mor${n}\r\n`));
    assert.equal(guesses[0], 403);
    assert.equal(guesses.at(-1), 429);
    assert.equal(await get('/api/v1/admin/overview', 'Authorization: Bearer open-sesame-and-m\r\n'), 429);
    assert.equal(await get('/api/v1/admin/plugins', 'Authorization: Bearer open-sesame-and-more\r\n'), 200);
    assert.equal(await get('/api/v1/admin/overview', 'Authorization: Bearer open-sesame-and-more\r\n'), 200);
  });

  it('a connection that never says anything is closed without a word', async () => {
    const mute = new RawConnection(engine);
    await mute.untilClosed();
    assert.equal(mute.text, '');
  });

  it('two hundred slow connections keep nobody else waiting', async () => {
    const slow = Array.from({ length: 200 }, () => new RawConnection(engine).send('GET / HTTP/1.1\r\nHost: local'));
    await sleep(200);
    assert.equal(await get('/healthz'), 200);
    await Promise.all(slow.map((connection) => connection.untilClosed()));
  });

  it('a body that is promised and does not come is cut off in time', async () => {
    const slow = new RawConnection(engine);
    slow.send('POST /api/v1/rooms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"ti');
    assert.equal(await slow.status(), 408);
    await slow.untilClosed();
    assert.equal(await rawStatus(engine, handshakeOf('target', { 'Content-Length': '3' })), 408);
  });

  it('an idle keep-alive connection is closed after its time', async () => {
    const idle = new RawConnection(engine).send('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.equal(await idle.status(), 200);
    await idle.untilClosed();
  });

  it('header bombs are refused: too much, too many, too long', async () => {
    assert.equal(await get('/', `X-Bomb: ${'x'.repeat(100_000)}\r\n`), 431);
    assert.equal(await get('/', Array.from({ length: 1500 }, (_, n) => `X-${n}: y\r\n`).join('')), 431);
    assert.equal(await get('/', 'A: b\r\n'.repeat(80)), 431);
    assert.equal(await get(`/${'a'.repeat(5000)}`), 414);
    assert.equal(await get(`/?${'a'.repeat(5000)}`), 414);
    assert.equal(await get('/', 'A: b\r\n'.repeat(50)), 200);
  });

  it('an endless header is refused while it comes', async () => {
    const endless = new RawConnection(engine).send('GET / HTTP/1.1\r\nHost: localhost\r\n');
    for (let n = 0; n < 50 && !endless.closed; n++) endless.send(`X-${n}: ${'y'.repeat(1000)}\r\n`);
    assert.equal(await endless.status(), 431);
  });

  it('what is no HTTP at all is malformed', async () => {
    for (const bytes of [
      'hello\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.padEnd(80, '\0'),
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nBad Field: x\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
      'POST /api/v1/rooms HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'GET example.org HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET /\u0000 HTTP/1.1\r\nHost: a\r\n\r\n',
    ]) {
      assert.equal(await rawStatus(engine, Buffer.from(bytes, 'latin1')), 400, JSON.stringify(bytes.slice(0, 60)));
    }
    assert.equal(await rawStatus(engine, 'GET / extra HTTP/1.1\r\nHost: a\r\n\r\n'), 505);
    assert.equal(await rawStatus(engine, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), 505);
  });

  it('random bytes are answered or dropped, never waited for', async () => {
    let seed = 20261120;
    const next = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 16;
    const connections = Array.from({ length: 100 }, () =>
      new RawConnection(engine).send(Buffer.from(Array.from({ length: 1 + (next() % 400) }, () => next() & 0xff))));
    await Promise.all(connections.map((connection) => connection.untilClosed()));
  });

  it('no spelling of a path leads out of the media folder or the web root', async () => {
    const tricks = [
      '../secret.txt', '%2e%2e/secret.txt', '..%2fsecret.txt', '%2e%2e%2fsecret.txt', '..%5csecret.txt', '..\\secret.txt',
      'sub/../../secret.txt', 'sub/%2e%2e/%2e%2e/secret.txt', './a.mp4', '/etc/passwd', '//etc/passwd', '%2fetc%2fpasswd',
      'a.mp4%00.txt', '%00', 'a.mp4%0d%0aX-Injected:%20yes', '%c0%ae%c0%ae/secret.txt', '%uff0e%uff0e/secret.txt', '%',
    ];
    for (const trick of tricks) {
      for (const base of ['/media/', '/', '/r/']) assert.equal(await get(base + trick), 400, base + trick);
    }
    for (const name of ['%252e%252e/secret.txt', '%252e%252e%252fsecret.txt', 'out.txt', 'absolute.txt', 'everything/etc/passwd',
      'sub/up/up/secret.txt', 'sub', 'sub/', '.git/config', '']) {
      assert.equal(await get(`/media/${name}`), 404, name);
    }
    assert.equal(await get('/media/a.mp4'), 200);
    assert.equal(await get('/media/sub/up/a.mp4'), 200); // a link that stays inside
    assert.equal(await get('http://localhost/media/../secret.txt'), 400);
  });

  it('an answer shows nothing of what was asked in its header', async () => {
    const connection = new RawConnection(engine);
    connection.send('GET /nothing%0d%0aX-Injected:%20yes HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await connection.status();
    assert.ok(!connection.text.includes('X-Injected'));
    connection.destroy();
  });

  it('a room id that cannot be one is refused wherever it stands', async () => {
    for (const id of ['..', '%2e%2e', 'a%2fb', 'a%20b', 'a.b', '%00', '%3Cscript%3E', 'ü', 'a'.repeat(65), 'a%0ab']) {
      const encoded = Buffer.from(id).toString('latin1');
      assert.equal(await get(`/api/v1/rooms/${encoded}`), 400, id);
      assert.equal(await rawStatus(engine, Buffer.from(handshakeOf(encoded), 'latin1')), 400, id);
    }
    assert.equal(await get('/api/v1/rooms/nobody'), 404);
  });

  it('methods that mean nothing here are refused', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'TRACE', 'CONNECT', 'BREW']) {
      assert.equal(await rawStatus(engine, `${method} / HTTP/1.1\r\nHost: localhost\r\n\r\n`), 405, method);
    }
    assert.equal(await rawStatus(engine, 'POST /media/a.mp4 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n'), 405);
  });

  it('JSON that is huge, broken, deep or wrong creates no room', async () => {
    const post = (body, fields = '') =>
      rawStatus(engine, `POST /api/v1/rooms HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${fields}\r\n${body}`);
    assert.equal(await post(JSON.stringify({ title: 'x'.repeat(9000) })), 413);
    assert.equal(await rawStatus(engine, 'POST /api/v1/rooms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n'), 413);
    const chunk = `2000\r\n${'x'.repeat(0x2000)}\r\n`;
    assert.equal(await rawStatus(engine, `POST /api/v1/rooms HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`), 413);
    for (const body of [
      '{', '[]', '"room"', 'null', 'NaN', '{"title":1e999}', '[['.repeat(1000), '{"title":"\u0000"}', '{"id":"../../etc"}',
      '{"id":""}x', '{"title":"' + 'ü'.repeat(150) + '"}', '{"permanent":true}', '{"media":{"kind":"file"}}',
      '{"media":{"kind":"evil","url":"/media/a.mp4"}}', '{"media":{"kind":"file","url":"javascript:alert(1)"}}',
      '{"media":{"kind":"file","url":"file:///etc/passwd"}}', '{"media":{"kind":"file","url":"//evil.example/a.mp4"}}',
    ]) {
      assert.equal(await post(body), 400, body.slice(0, 60));
    }
    assert.equal(await post(Buffer.from('7b227469746c65223a22ff227d', 'hex').toString('latin1')), 201); // ÿ is two bytes here
    assert.equal(await post('{"id":"target"}'), 409);
    assert.equal(await post('{}', 'Origin: https://evil.example\r\n'), 403);
    assert.equal(await post('{}', 'Origin: null\r\n'), 403);
    assert.equal(await post('{}', 'Origin: http://localhost\r\n'), 201);
  });

  it('HTTP/1.0 gets an answer and no second request', async () => {
    const old = new RawConnection(engine).send('GET /healthz HTTP/1.0\r\n\r\nGET /healthz HTTP/1.0\r\n\r\n');
    await old.untilClosed();
    assert.equal(old.text.match(/HTTP\/1\.1 200/g).length, 1);
    assert.match(old.text, /Connection: close/);
  });

  it('requests sent ahead are answered in order, however many', async () => {
    const eager = new RawConnection(engine);
    for (let n = 0; n < 2000; n++) eager.send(`GET /media/a.mp4 HTTP/1.1\r\nHost: localhost\r\nRange: bytes=${n}-${n}\r\n\r\n`);
    await until(() => (eager.text.match(/HTTP\/1\.1 206/g) ?? []).length === 2000 || eager.received.length, '2,000 answers', 30_000);
    const firsts = [...eager.text.matchAll(/Content-Range: bytes (\d+)-/g)].map((match) => Number(match[1]));
    assert.deepEqual(firsts, Array.from({ length: 2000 }, (_, n) => n));
    eager.destroy();
  });

  it('one who asks for a file and takes nothing of it is let go', async () => {
    const lazy = Array.from({ length: 20 }, () => {
      const connection = new RawConnection(engine);
      connection.socket.pause();
      return connection.send('GET /media/a.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(8));
    });
    assert.equal(await get('/healthz'), 200);
    await until(async () => (await engine.figures()).playhead_http_connections <= 4, 'the lazy are let go');
    for (const connection of lazy) connection.destroy();
  });

  it('one who leaves in the middle of a file leaves nothing behind', async () => {
    for (let n = 0; n < 30; n++) {
      const hasty = new RawConnection(engine).send('GET /media/a.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await until(() => hasty.received.length > 0, 'the file begins');
      hasty.destroy();
    }
  });
});

describe('hostile HTTP under small limits', { timeout: 60_000 }, () => {
  let engine;
  before(async () => {
    engine = await startBesieged({ limits: { rooms_created_per_minute: 5, http_connections_max: 20, header_timeout_s: 2 } });
  });
  after(() => engine?.stop());

  it('a flood of new rooms is refused with the time to wait', async () => {
    const undisturbed = await guard(engine);
    const answers = await Promise.all(Array.from({ length: 15 }, () => fetch(`${engine.url}/api/v1/rooms`, { method: 'POST', body: '{}' })));
    const refused = answers.filter((answer) => answer.status === 429);
    assert.equal(answers.filter((answer) => answer.status === 201).length, 5);
    assert.equal(refused.length, 10);
    for (const answer of refused) {
      const seconds = Number(answer.headers.get('retry-after'));
      assert.ok(seconds >= 1 && seconds <= 12, `Retry-After: ${seconds}`);
      assert.equal((await answer.json()).error.code, 'rate_limited');
    }
    await undisturbed();
  });

  it('connections beyond the limit are refused, and the limit recovers', async () => {
    const many = Array.from({ length: 60 }, () => new RawConnection(engine).send('GET / HT'));
    await until(() => many.filter((connection) => connection.text.startsWith('HTTP/1.1 503')).length >= 40, '40 are refused');
    assert.equal(engine.neighbour.closed, false);
    await Promise.all(many.map((connection) => connection.untilClosed()));
    assert.equal(await rawStatus(engine, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'), 200);
  });
});

describe('draining', { timeout: 60_000 }, () => {
  it('SIGTERM tells the viewers, finishes the answers under way and ends in order', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'playhead-hostile-'));
    writeFileSync(path.join(folder, 'a.mp4'), Buffer.alloc(16_000_000, 'x'));
    const engine = await startBesieged({ media_folder: folder, limits: { stall_timeout_s: 30 } });
    const download = new RawConnection(engine).send('GET /media/a.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => download.received.length > 0, 'the file begins');
    download.socket.pause();
    const idle = new RawConnection(engine).send('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await idle.status();
    const ended = new Promise((resolve) => engine.child.once('exit', (code, signal) => resolve(code ?? signal)));
    engine.child.kill('SIGTERM');
    assert.deepEqual(await engine.neighbour.ending(), { goodbye: 'draining', closeCode: 1001 });
    await idle.untilClosed();
    const late = new RawConnection(engine);
    await late.untilClosed();
    assert.equal(late.text, '');
    download.socket.resume();
    await download.untilClosed();
    assert.ok(download.received.length > 16_000_000, `${download.received.length} bytes of the file`);
    assert.equal(await ended, 0);
    rmSync(folder, { recursive: true, force: true });
    await engine.stop();
  });

  it('a second signal does not wait', async () => {
    const engine = await startBesieged({ limits: { stall_timeout_s: 30, header_timeout_s: 30 } });
    const busy = new RawConnection(engine).send('GET / HT'); // holds the drain up
    await sleep(100);
    const ended = new Promise((resolve) => engine.child.once('exit', (code, signal) => resolve(code ?? signal)));
    engine.child.kill('SIGTERM');
    await engine.neighbour.untilClosed();
    engine.child.kill('SIGTERM');
    assert.equal(await ended, 'SIGTERM');
    busy.destroy();
    await engine.stop();
  });
});
