// Where a room is made.
import { type FormEvent, useEffect, useId, useState } from "react";
import { MarkIcon } from "../components/icons";
import { MediaField } from "../components/media-field";
import { ThemeToggle } from "../components/theme-toggle";
import { createRoom, listRooms, type RoomSummary } from "../lib/api";
import { demoSource } from "../lib/demo";
import { countOf, formatAgo } from "../lib/format";
import { parseRoomLink } from "../lib/link";
import { forgetRoom, recentRooms, rememberOwnerToken, rememberStart } from "../lib/storage";
import { detectSource, type Source } from "../players/source";

const titleLengthMax = 80;
const roomsRefreshMs = 15_000;

function usePublicRooms(): { rooms: readonly RoomSummary[] | null; error: string } {
  const [rooms, setRooms] = useState<readonly RoomSummary[] | null>(null);
  const [error, setError] = useState("");
  useEffect(() => {
    let over = false;
    const refresh = () => {
      if (document.visibilityState === "hidden") return;
      listRooms().then(
        (found) => {
          if (over) return;
          setRooms(found);
          setError("");
        },
        (failure: Error) => {
          if (!over) setError(failure.message);
        },
      );
    };
    refresh();
    const timer = setInterval(refresh, roomsRefreshMs);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, []);
  return { rooms, error };
}

function CreateForm() {
  const titleId = useId();
  const [text, setText] = useState("");
  const [title, setTitle] = useState("");
  const [listed, setListed] = useState(false);
  const [strict, setStrict] = useState(false);
  const [creating, setCreating] = useState(false);
  const [failure, setFailure] = useState("");
  const roomLink = parseRoomLink(text, location.origin);
  const detection = roomLink || (text.trim() === "" && !strict) ? null : detectSource(text);

  const create = async (source: Pick<Source, "kind" | "url" | "title" | "startMs">) => {
    setCreating(true);
    setFailure("");
    try {
      const created = await createRoom({
        title: title.trim() || source.title || "Watch party",
        listed,
        media: { kind: source.kind, url: source.url, title: source.title },
      });
      rememberOwnerToken(created.room, created.ownerToken);
      if (source.startMs > 0) rememberStart(created.room, source.startMs);
      location.assign(created.link);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : "The room could not be made.");
      setCreating(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setStrict(true);
    if (roomLink) {
      location.assign(text.trim());
      return;
    }
    const found = detectSource(text);
    if (found.ok && !creating) void create(found.source);
  };

  return (
    <form className="card create" onSubmit={submit} aria-label="Make a room">
      <MediaField
        value={text}
        detection={detection}
        strict={strict}
        autoFocus
        onChange={(value) => {
          setText(value);
          setFailure("");
        }}
      />
      <div className="create-row">
        <div className="field">
          <label htmlFor={titleId}>Name of the room</label>
          <input
            id={titleId}
            data-testid="title-input"
            type="text"
            autoComplete="off"
            maxLength={titleLengthMax}
            placeholder="Film night"
            value={title}
            onChange={(event) => setTitle(event.target.value)}
          />
        </div>
        <fieldset className="field choice">
          <legend>Who can find it</legend>
          <label>
            <input
              type="radio"
              name="listed"
              data-testid="unlisted"
              checked={!listed}
              onChange={() => setListed(false)}
            />
            People with the link
          </label>
          <label>
            <input
              type="radio"
              name="listed"
              data-testid="listed"
              checked={listed}
              onChange={() => setListed(true)}
            />
            Anyone, on this page
          </label>
        </fieldset>
      </div>
      {failure && (
        <p className="hint hint-bad" role="alert" data-testid="create-error">
          {failure}
        </p>
      )}
      <div className="create-actions">
        <button
          type="submit"
          className="button button-accent button-large"
          data-testid="create"
          disabled={creating}
        >
          {roomLink ? "Join this room" : creating ? "Making the room…" : "Make the room"}
        </button>
        <button
          type="button"
          className="button button-large"
          data-testid="create-demo"
          disabled={creating}
          onClick={() => void create({ ...demoSource, startMs: 0 })}
        >
          Try it with the demo
        </button>
      </div>
    </form>
  );
}

export function LandingPage() {
  const { rooms, error } = usePublicRooms();
  const [recent, setRecent] = useState(recentRooms);
  useEffect(() => {
    document.title = "Playhead";
  }, []);
  return (
    <div className="landing">
      <header className="top">
        <a className="home" href="/" aria-label="Playhead">
          <MarkIcon />
          <span className="wordmark">Playhead</span>
        </a>
        <span className="top-actions">
          <ThemeToggle />
        </span>
      </header>
      <main>
        <h1 className="slogan">
          Watch together, <em>in the same frame.</em>
        </h1>
        <p className="lead">
          Paste a link, share the room. Whoever plays, pauses or seeks, does it for everyone.
        </p>
        <CreateForm />
        <div className="lists">
          <section aria-labelledby="public-rooms">
            <h2 id="public-rooms">Public rooms</h2>
            {error && <p className="hint hint-bad">{error}</p>}
            {rooms?.length === 0 && !error && <p className="muted">None at the moment.</p>}
            <ul className="rooms" data-testid="public-rooms">
              {rooms?.map(({ room, title, viewers, mediaTitle, link }) => (
                <li key={room}>
                  <a className="room-card" href={link}>
                    <bdi className="room-card-title">{title || room}</bdi>
                    <span className="muted">
                      {countOf(viewers, "viewer")}
                      {mediaTitle && (
                        <>
                          {" · "}
                          <bdi>{mediaTitle}</bdi>
                        </>
                      )}
                    </span>
                  </a>
                </li>
              ))}
            </ul>
          </section>
          {recent.length > 0 && (
            <section aria-labelledby="recent-rooms">
              <h2 id="recent-rooms">Where you were</h2>
              <ul className="rooms" data-testid="recent-rooms">
                {recent.map(({ room, title, path, visitedAtMs }) => (
                  <li key={room}>
                    <a className="room-card" href={path}>
                      <bdi className="room-card-title">{title}</bdi>
                      <span className="muted">{formatAgo(visitedAtMs, Date.now())}</span>
                    </a>
                    <button
                      type="button"
                      className="forget"
                      aria-label={`Forget ${title}`}
                      onClick={() => {
                        forgetRoom(room);
                        setRecent(recentRooms());
                      }}
                    >
                      Forget
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          )}
        </div>
      </main>
    </div>
  );
}
