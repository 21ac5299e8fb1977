// The quality menu of players that follow the media-tracks proposal (videoRenditions).
import type { MediaLike, QualityMenu } from "./shown-player";

interface Rendition {
  readonly id?: string;
  readonly width?: number;
  readonly height?: number;
  readonly bitrate?: number;
}

interface RenditionList extends EventTarget, Iterable<Rendition> {
  readonly length: number;
  /** -1 = automatic. */
  selectedIndex: number;
}

export interface RenditionMedia extends MediaLike {
  readonly videoRenditions?: RenditionList;
}

function labelOf(rendition: Rendition, all: readonly Rendition[]): string {
  const name = rendition.height ? `${rendition.height}p` : "";
  const twins = all.filter((other) => other.height === rendition.height).length > 1;
  const mbits = rendition.bitrate ? `${(rendition.bitrate / 1e6).toFixed(1)} Mbit/s` : "";
  if (name && twins && mbits) return `${name}, ${mbits}`;
  return name || mbits || "Other";
}

export function renditionMenu(media: RenditionMedia): QualityMenu {
  const list = (): Rendition[] => [...(media.videoRenditions ?? [])];
  return {
    options() {
      const all = list();
      return all
        .map((rendition, index) => ({ rendition, id: String(index) }))
        .sort((a, b) => (b.rendition.height ?? 0) - (a.rendition.height ?? 0))
        .map(({ rendition, id }) => ({ id, label: labelOf(rendition, all) }));
    },
    selected() {
      const index = media.videoRenditions?.selectedIndex ?? -1;
      return index < 0 ? "auto" : String(index);
    },
    select(id) {
      const renditions = media.videoRenditions;
      if (renditions) renditions.selectedIndex = id === "auto" ? -1 : Number(id);
    },
  };
}
