// What the iframe players share. They imitate HTMLMediaElement, but a browser that forbids playing, an
// advertisement or an empty buffer is often not told; these helpers turn silence into the usual events and errors.
import type { MediaLike } from "./shown-player";

/** A start that has not begun to move by then was refused: no iframe says so itself. */
export const startWaitMs = 2500;

/** The error that HTMLMediaElement.play() gives when the browser wants a gesture first. */
export const notAllowed = (): DOMException =>
  new DOMException("The player did not start: it may need a tap first.", "NotAllowedError");

/** Replaces a method or property of one element, leaving its class alone. */
export function patch<Value>(
  target: object,
  name: string,
  descriptor: TypedPropertyDescriptor<Value>,
): void {
  Object.defineProperty(target, name, { configurable: true, ...descriptor });
}

/**
 * Resolves at the first of `events`, rejects with NotAllowedError when none comes in time. A refused start is also
 * taken back, so that it cannot happen later, when nobody expects it.
 */
export function started(
  media: MediaLike,
  events: readonly string[],
  waitMs = startWaitMs,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      for (const name of events) media.removeEventListener(name, done);
      media.removeEventListener("pause", done);
    };
    const done = () => {
      stop();
      resolve();
    };
    const timer = setTimeout(() => {
      stop();
      media.pause();
      reject(notAllowed());
    }, waitMs);
    for (const name of events) media.addEventListener(name, done);
    // Paused again before it began: nobody waits for that start any more.
    media.addEventListener("pause", done);
  });
}

/** Loads a script once; a failed one may be tried again later. */
export function loadScript(src: string, waitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const fail = () => {
      clearTimeout(timer);
      script.remove();
      reject(new Error(`could not load ${src}`));
    };
    const timer = setTimeout(fail, waitMs);
    script.onload = () => {
      clearTimeout(timer);
      resolve();
    };
    script.onerror = fail;
    script.src = src;
    script.async = true;
    document.head.append(script);
  });
}

/** Rejects unless the event comes in time. */
export function eventWithin(target: EventTarget, name: string, waitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      target.removeEventListener(name, done);
      reject(new Error(`no ${name} within ${waitMs} ms`));
    }, waitMs);
    target.addEventListener(name, done, { once: true });
  });
}

/**
 * Makes `readyState` tell whether it could play on. The iframe elements leave it at "metadata" until they have played,
 * while whoever waits for data before starting would wait for ever.
 */
export function patchReadyState(media: MediaLike): void {
  const prototype: object = Object.getPrototypeOf(media);
  const readyState = Object.getOwnPropertyDescriptor(prototype, "readyState");
  let dry = false;
  media.addEventListener("waiting", () => {
    dry = true;
  });
  for (const name of ["playing", "pause", "seeked", "emptied"]) {
    media.addEventListener(name, () => {
      dry = false;
    });
  }
  patch(media, "readyState", {
    get: (): number => {
      const own: unknown = readyState?.get?.call(media);
      if (typeof own !== "number" || own < HTMLMediaElement.HAVE_METADATA) return 0;
      return dry ? HTMLMediaElement.HAVE_CURRENT_DATA : HTMLMediaElement.HAVE_ENOUGH_DATA;
    },
  });
}
