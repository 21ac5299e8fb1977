// From an address to a room: finds the token, joins, and tells when there is nothing to join.

import type { ErrorCodeName } from "@playhead/sdk";
import { joinRoom, type Room } from "@playhead/sdk";
import { useEffect, useState } from "react";
import { MarkIcon, WarningIcon } from "../components/icons";
import { RoomScreen } from "../components/room-screen";
import { ApiError, getRoom } from "../lib/api";
import { type RoomAddress, roomPathOf, socketUrlOf } from "../lib/link";
import { adviceOn } from "../lib/problems";
import { ownerToken, readText, rememberRoom, removeText, takeStart } from "../lib/storage";

interface Refusal {
  code: ErrorCodeName;
  message: string;
}

/** Token trouble that a fresh token from the public list could cure: the engine was restarted, for one. */
const tokenTrouble: ReadonlySet<string> = new Set([
  "token_missing",
  "token_wrong",
  "token_stale",
  "token_foreign",
  "token_malformed",
]);

/** What leaves nothing of the room to look at. */
const endings: ReadonlySet<string> = new Set(["room_unknown", "kicked", "banned"]);

async function publicToken(room: string): Promise<string> {
  return (await getRoom(room)).joinToken;
}

/** Seeks to where a pasted link pointed, once, if nobody has moved anything yet. */
function startWhereLinked(room: Room, startMs: number): () => void {
  const stop = room.subscribe(() => {
    const { view } = room;
    if (view.status !== "live" || view.media.instance === 0) return;
    stop();
    const { current, playing } = view.motion;
    if (!playing && current.positionMs === 0) void room.seek(startMs);
  });
  return stop;
}

function useJoinedRoom({ room: id, joinToken }: RoomAddress) {
  const [room, setRoom] = useState<Room | null>(null);
  const [linkToken, setLinkToken] = useState(joinToken);
  const [refusal, setRefusal] = useState<Refusal | null>(null);

  useEffect(() => {
    let over = false;
    let leave = () => {};
    const tried = new Set<string>();
    const refuse = (error: unknown) => {
      if (over) return;
      const gone = error instanceof ApiError && error.status === 404;
      setRefusal({
        code: gone ? "room_unknown" : "unreachable",
        message: error instanceof Error ? error.message : "",
      });
    };

    /** Nothing to come back to, so nothing of the room is worth showing. */
    const end = (problem: Refusal) => {
      if (over) return;
      leave();
      setRefusal({ code: problem.code, message: problem.message });
    };

    const join = (token: string) => {
      tried.add(token);
      const joined = joinRoom({
        url: socketUrlOf(id, location),
        room: id,
        name: readText("name") ?? "",
        clientName: "web",
        ...(token ? { joinToken: token } : {}),
      });
      let checking = false;
      const stopStart = startWhereLinked(joined, takeStart(id));
      const stopWatching = joined.subscribe(() => {
        const { status, problem, info } = joined.view;
        if (status === "live") {
          rememberRoom({
            room: id,
            title: info.title || id,
            path: roomPathOf({ room: id, joinToken: joinToken || token }),
            visitedAtMs: Date.now(),
          });
        } else if (status === "closed" && problem && tokenTrouble.has(problem.code)) {
          cure(token, problem);
        } else if (status === "closed" && problem && endings.has(problem.code)) {
          end(problem);
        } else if (status === "reconnecting" && problem?.code === "unreachable" && !checking) {
          // A refused upgrade tells a page nothing; the room may be gone for good.
          checking = true;
          getRoom(id).catch((error: unknown) => {
            if (error instanceof ApiError && error.status === 404) {
              leave();
              refuse(error);
            }
          });
        }
      });
      leave = () => {
        stopStart();
        stopWatching();
        joined.leave();
      };
      setRoom(joined);
    };

    /** Another token than the one that was refused: the link's instead of the owner's, or the public one. */
    const cure = (refused: string, problem: Refusal) => {
      if (refused === ownerToken(id)) removeText(`owner.${id}`);
      const next =
        joinToken && !tried.has(joinToken) ? Promise.resolve(joinToken) : publicToken(id);
      next.then(
        (token) => {
          if (over) return;
          if (!token || tried.has(token)) {
            end(problem);
            return;
          }
          leave();
          setLinkToken(token);
          join(token);
        },
        () => end(problem),
      );
    };

    const known = ownerToken(id) ?? joinToken;
    if (known) join(known);
    else {
      publicToken(id).then((token) => {
        if (over) return;
        if (token === "") setRefusal({ code: "token_missing", message: "" });
        else {
          setLinkToken(token);
          join(token);
        }
      }, refuse);
    }
    return () => {
      over = true;
      leave();
    };
  }, [id, joinToken]);

  return { room, linkToken, refusal };
}

function Refused({ code, message }: Refusal) {
  const advice = adviceOn(code, message);
  return (
    <main className="notice" data-testid="refused" data-code={code}>
      <WarningIcon />
      <div role="alert">
        <h1>{advice.headline}</h1>
        <p>{advice.help}</p>
      </div>
      <div className="overlay-actions">
        {advice.action === "retry" && (
          <button type="button" className="button" onClick={() => location.reload()}>
            Try again
          </button>
        )}
        <a className="button button-accent" href="/">
          Start page
        </a>
      </div>
    </main>
  );
}

export function RoomPage({ address }: { address: RoomAddress }) {
  const { room, linkToken, refusal } = useJoinedRoom(address);
  if (refusal) return <Refused {...refusal} />;
  if (!room) {
    return (
      <main className="notice" aria-busy="true">
        <MarkIcon />
        <p>Looking for the room…</p>
      </main>
    );
  }
  const link = linkToken
    ? `${location.origin}${roomPathOf({ room: address.room, joinToken: linkToken })}`
    : "";
  return <RoomScreen key={address.room} room={room} link={link} />;
}
