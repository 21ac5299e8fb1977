// A player on the page: the element to show, the Player that the SDK keeps in step, and what its menus offer.
import type { Player, PlayerCapabilities } from "@playhead/sdk";
import type { Source, SourceKind } from "./source";

/**
 * The part of HTMLMediaElement that every kind of player here has. The iframe players imitate it:
 * some of it does nothing, which `capabilities` tells, and what is missing is patched in by the adapter.
 */
export interface MediaLike extends HTMLElement {
  src: string;
  currentTime: number;
  playbackRate: number;
  volume: number;
  muted: boolean;
  readonly duration: number;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly seeking: boolean;
  readonly readyState: number;
  readonly buffered: TimeRanges;
  readonly error?: { readonly code: number; readonly message: string } | null;
  readonly textTracks?: TextTrackList | undefined;
  play(): Promise<void> | undefined;
  pause(): void;
}

export interface QualityOption {
  id: string;
  label: string;
}

export interface QualityMenu {
  options(): readonly QualityOption[];
  /** "auto" or the id of an option. */
  selected(): string;
  select(id: string): void;
}

export interface ShownPlayer {
  readonly kind: SourceKind;
  readonly media: MediaLike;
  readonly player: Player;
  readonly capabilities: PlayerCapabilities;
  readonly quality: QualityMenu | undefined;
  /** An iframe: it has its own surface, with advertisements that only a click inside can skip. */
  readonly foreign: boolean;
  /** Why exact step is out of reach with this kind of player; empty when it is not. */
  readonly inexactReason: string;
  dispose(): void;
}

export interface PlayerHooks {
  /** Puts the element into the page; called before it starts to load, since iframes load only there. */
  mount(element: HTMLElement): void;
  /** The source cannot be played, with the reason in words. The room and the other viewers go on. */
  onFailure(reason: string): void;
  /** It plays, but not as it should. */
  onNotice(notice: string): void;
}

export interface PlayerModule {
  show(source: Pick<Source, "url">, hooks: PlayerHooks): Promise<ShownPlayer>;
}

/** Thrown by an adapter's `show` with words for the person in front of it. */
export class SourceFailure extends Error {}
