// Room links: /r/{room}#{join token}. The token stays in the fragment so that it never reaches a log.

export interface RoomAddress {
  room: string;
  joinToken: string;
}

const roomPath = /^\/r\/([A-Za-z0-9_-]{1,64})\/?$/;

/** The room that a page address or a pasted link names, or null when it names none. */
export function parseRoomLink(link: string, origin: string): RoomAddress | null {
  let url: URL;
  try {
    url = new URL(link.trim(), origin);
  } catch {
    return null;
  }
  const room = roomPath.exec(url.pathname)?.[1];
  if (url.origin !== new URL(origin).origin || room === undefined) return null;
  return { room, joinToken: url.hash.replace(/^#/, "") };
}

export const roomPathOf = ({ room, joinToken }: RoomAddress): string =>
  joinToken ? `/r/${room}#${joinToken}` : `/r/${room}`;

export const socketUrlOf = (room: string, page: Location | URL): string =>
  `${page.protocol === "https:" ? "wss" : "ws"}://${page.host}/ws/${encodeURIComponent(room)}`;
