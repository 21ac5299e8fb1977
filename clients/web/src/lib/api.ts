// The engine's HTTP interface, with every answer checked and every failure in words.
import type { SourceKind } from "../players/source";

export interface RoomSummary {
  room: string;
  title: string;
  viewers: number;
  mediaTitle: string;
  /** Path with the join token. */
  link: string;
}

export interface RoomDetails {
  room: string;
  title: string;
  listed: boolean;
  viewers: number;
  mediaTitle: string;
  /** Only of listed rooms; empty otherwise. */
  joinToken: string;
}

export interface RoomRequest {
  title: string;
  listed: boolean;
  media?: { kind: SourceKind; url: string; title: string };
}

export interface CreatedRoom {
  room: string;
  link: string;
  joinToken: string;
  ownerToken: string;
}

/** A refusal or a failure, with a message for a person. `status` is 0 when the engine was not reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const answerWaitMs = 10_000;

export type Fields = Record<string, unknown>;
export const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};
export const text = (value: unknown): string => (typeof value === "string" ? value : "");
export const count = (value: unknown): number =>
  typeof value === "number" && value >= 0 ? value : 0;

export async function request(path: string, init: RequestInit = {}): Promise<Fields> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(answerWaitMs) });
  } catch {
    throw new ApiError(0, "unreachable", "The server does not answer. Is it running?");
  }
  let body: Fields = {};
  try {
    body = fieldsOf(await response.json());
  } catch {
    // A proxy's error page; the status says enough.
  }
  if (response.ok) return body;
  const error = fieldsOf(body.error);
  const message =
    text(error.message) ||
    (response.status === 429
      ? "Too many rooms were made from here just now. Wait a minute and try again."
      : `The server answered ${response.status}.`);
  throw new ApiError(response.status, text(error.code), message);
}

export async function listRooms(): Promise<RoomSummary[]> {
  const { rooms } = await request("/api/v1/rooms");
  if (!Array.isArray(rooms)) return [];
  return rooms
    .map(fieldsOf)
    .map((room) => ({
      room: text(room.room),
      title: text(room.title),
      viewers: count(room.viewers),
      mediaTitle: text(room.media_title),
      link: text(room.link),
    }))
    .filter(({ room, link }) => room !== "" && link.startsWith("/r/"));
}

export async function getRoom(room: string): Promise<RoomDetails> {
  const fields = await request(`/api/v1/rooms/${encodeURIComponent(room)}`);
  return {
    room: text(fields.room) || room,
    title: text(fields.title),
    listed: fields.listed === true,
    viewers: count(fields.viewers),
    mediaTitle: text(fields.media_title),
    joinToken: text(fields.join_token),
  };
}

export async function createRoom(wanted: RoomRequest): Promise<CreatedRoom> {
  const fields = await request("/api/v1/rooms", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(wanted),
  });
  const created = {
    room: text(fields.room),
    link: text(fields.link),
    joinToken: text(fields.join_token),
    ownerToken: text(fields.owner_token),
  };
  if (!created.link.startsWith("/r/")) {
    throw new ApiError(
      0,
      "malformed",
      "The server's answer makes no sense: is it another version?",
    );
  }
  return created;
}
