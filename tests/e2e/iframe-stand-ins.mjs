// Local stand-ins for the pages inside Vimeo's and Twitch's iframes, served by route interception. The libraries that
// talk to them stay as they are. Each keeps a clock of its own and tells it as coarsely as the real one does.

// A player without a picture: position, rate, and what it is doing.
function machine() {
  return `
    let playing = false, position = 0, since = 0, rate = 1;
    const durationS = 40;
    const now = () => playing ? Math.min(durationS, position + (performance.now() - since) / 1000 * rate) : position;
    const enter = (nextPlaying, nextPosition = now(), nextRate = rate) => {
      position = nextPosition; since = performance.now(); playing = nextPlaying; rate = nextRate;
    };
  `;
}

// player.js: { method, value } is answered by the same method; events were asked for by addEventListener.
const vimeoPage = `<!doctype html><title>stand-in</title><script>${machine()}
  const wanted = new Set();
  let volume = 1, muted = false;
  const post = (message) => parent.postMessage(JSON.stringify(message), '*');
  const tell = (event, data = {}) => { if (wanted.has(event)) post({ event, data }); };
  const progress = () => ({ seconds: now(), percent: now() / durationS, duration: durationS });
  setInterval(() => { if (playing) tell('timeupdate', progress()); }, 250);
  const methods = {
    addEventListener: (name) => { wanted.add(name); if (name === 'loaded') setTimeout(() => tell('loaded', { id: 76979871 }), 50); },
    removeEventListener: (name) => { wanted.delete(name); },
    getDuration: () => durationS,
    getCurrentTime: () => now(),
    getMuted: () => muted,
    getVolume: () => volume,
    getPlaybackRate: () => rate,
    getTextTracks: () => [],
    setMuted: (value) => { muted = value; tell('volumechange', { volume, muted }); return value; },
    setVolume: (value) => { volume = value; tell('volumechange', { volume, muted }); return value; },
    setPlaybackRate: (value) => { enter(playing, now(), value); tell('ratechange', { playbackRate: value }); return value; },
    setCurrentTime: (value) => {
      tell('seeking', progress());
      enter(playing, Math.min(value, durationS));
      setTimeout(() => { tell('timeupdate', progress()); tell('seeked', progress()); }, 120);
      return value;
    },
    play: () => { setTimeout(() => { enter(true); tell('play', progress()); tell('playing', progress()); }, 60); },
    pause: () => { setTimeout(() => { enter(false); tell('timeupdate', progress()); tell('pause', progress()); }, 60); },
  };
  addEventListener('message', ({ data }) => {
    const { method, value: given } = typeof data === 'string' ? JSON.parse(data) : data;
    const value = Array.isArray(given) ? given[0] : given;
    if (method === 'ping') return post({ event: 'ready', method: 'ping' });
    const answer = methods[method]?.(value);
    if (method !== 'addEventListener' && method !== 'removeEventListener') post({ method, value: answer ?? null });
  });
  post({ event: 'ready' });
</script>`;

// Twitch tells its whole state about once a second, and takes commands by number.
const twitchPage = `<!doctype html><title>stand-in</title><script>${machine()}
  const post = (namespace, eventName, params) => parent.postMessage({ namespace, eventName, params }, '*');
  const embed = (eventName) => post('twitch-embed', eventName);
  const state = () => post('twitch-embed-player-proxy', 'UPDATE_STATE', {
    currentTime: Math.floor(now()), duration: durationS, playback: playing ? 'Playing' : 'Idle',
    volume: 1, muted: false, stats: { videoStats: { bufferSize: 10 } },
  });
  setInterval(state, 1000);
  addEventListener('message', ({ data }) => {
    if (data.namespace !== 'twitch-embed-player-proxy') return;
    if (data.eventName === 3) setTimeout(() => { enter(true); state(); embed('play'); embed('playing'); }, 80);
    if (data.eventName === 2) setTimeout(() => { enter(false); state(); embed('pause'); }, 80);
    if (data.eventName === 4) { enter(playing, data.params); embed('seek'); setTimeout(() => { state(); if (playing) embed('playing'); }, 200); }
  });
  setTimeout(() => { state(); embed('ready'); }, 200);
</script>`;

const serve = (page, engineUrl, start, body) =>
  page.route(/^https?:\/\//, (route) => {
    const url = route.request().url();
    if (url.startsWith(engineUrl)) return route.fallback();
    if (url.startsWith(start)) return route.fulfill({ contentType: 'text/html', body });
    return route.abort();
  });

export const serveVimeo = (page, engineUrl) => serve(page, engineUrl, 'https://player.vimeo.com/video/', vimeoPage);
export const serveTwitch = (page, engineUrl) => serve(page, engineUrl, 'https://player.twitch.tv/', twitchPage);
