// A local stand-in for YouTube's IFrame API script, served by route interception: the app's own loading code and
// youtube-video-element stay as they are. It imitates what makes YouTube hard: only coarse rates (others are
// ignored), answers that come late, a position in steps, BUFFERING after each seek, and no `waiting`.
function standIn() {
  const answerMs = 80;
  const seekMs = 250;
  const stepMs = 50;
  const rates = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
  const durationS = 40;
  window.youtubeRates = [];
  const PlayerState = { UNSTARTED: -1, ENDED: 0, PLAYING: 1, PAUSED: 2, BUFFERING: 3, CUED: 5 };

  class Player {
    constructor(frame, { events }) {
      this.events = events;
      this.listeners = new Map();
      this.state = PlayerState.CUED;
      this.position = 0;
      this.since = 0;
      this.rate = 1;
      this.adUntil = 0;
      window.youtubePlayer = this;
      this.volume = 100;
      this.muted = false;
      setTimeout(() => events.onReady?.({ target: this }), 300);
      this.timer = setInterval(() => {
        if (this.state === PlayerState.PLAYING && this.now() >= durationS) this.enter(PlayerState.ENDED, durationS);
        this.tell('onVideoProgress', this.getCurrentTime());
      }, 200);
    }
    tell(name, data) {
      for (const listener of this.listeners.get(name) ?? []) listener({ target: this, data });
    }
    addEventListener(name, listener) {
      this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
    }
    // An advertisement: it plays, says so, and the video's position stands; nobody can seek past it.
    advertise(forMs) {
      this.enter(PlayerState.PLAYING);
      this.since += forMs;
      this.adUntil = performance.now() + forMs;
    }
    now() {
      if (performance.now() < this.adUntil) return this.position;
      if (this.state !== PlayerState.PLAYING) return this.position;
      return Math.min(durationS, this.position + ((performance.now() - this.since) / 1000) * this.rate);
    }
    enter(state, position = this.now()) {
      this.position = position;
      this.since = performance.now();
      this.state = state;
      this.tell('onStateChange', state);
    }
    later(act, ms = answerMs) {
      setTimeout(act, ms);
    }
    playVideo() {
      this.later(() => this.enter(PlayerState.BUFFERING));
      this.later(() => this.enter(PlayerState.PLAYING), answerMs * 2);
    }
    pauseVideo() {
      this.later(() => this.enter(PlayerState.PAUSED));
    }
    seekTo(seconds) {
      if (performance.now() < this.adUntil) return;
      const before = this.state;
      this.later(() => this.enter(PlayerState.BUFFERING, Math.min(Math.max(seconds, 0), durationS)));
      const after = before === PlayerState.PLAYING || before === PlayerState.BUFFERING ? PlayerState.PLAYING : PlayerState.PAUSED;
      this.later(() => this.enter(after), answerMs + seekMs);
    }
    setPlaybackRate(rate) {
      window.youtubeRates.push(rate);
      this.later(() => {
        if (!rates.includes(rate) || rate === this.rate) return;
        const position = this.now();
        this.rate = rate;
        this.position = position;
        this.since = performance.now();
        this.tell('onPlaybackRateChange', rate);
      });
    }
    getPlaybackRate() { return this.rate; }
    getAvailablePlaybackRates() { return rates; }
    getCurrentTime() { return Math.floor(this.now() / (stepMs / 1000)) * (stepMs / 1000); }
    getDuration() { return durationS; }
    getPlayerState() { return this.state; }
    getVideoLoadedFraction() { return Math.min(1, (this.now() + 10) / durationS); }
    getVolume() { return this.volume; }
    setVolume(volume) { this.volume = volume; this.tell('onVolumeChange', volume); }
    isMuted() { return this.muted; }
    mute() { this.muted = true; this.tell('onVolumeChange'); }
    unMute() { this.muted = false; this.tell('onVolumeChange'); }
    getOption() { return []; }
    setOption() {}
    destroy() { clearInterval(this.timer); }
  }
  window.YT = { Player, PlayerState, loaded: 1 };
  setTimeout(() => window.onYouTubeIframeAPIReady?.(), 20);
}

export async function serveYoutube(page, engineUrl) {
  await page.route(/^https?:\/\//, (route) => {
    const url = route.request().url();
    if (url.startsWith(engineUrl)) return route.fallback();
    if (url === 'https://www.youtube.com/iframe_api') {
      return route.fulfill({ contentType: 'text/javascript', body: `(${standIn})();` });
    }
    if (url.startsWith('https://www.youtube.com/embed/')) {
      return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>stand-in</title>' });
    }
    return route.abort();
  });
}
