// Who is here: away or not, who came and went (told together), and all viewers of a large room, page by page.
import type { RoomView } from "@playhead/sdk";
import { useEffect, useState } from "react";
import { Dialog } from "../../components/dialog";
import { useCommand } from "../../hooks/use-command";
import { usePluginEvent } from "../../hooks/use-plugin-event";
import { countOf } from "../../lib/format";
import { notLive, refusalWords } from "../../lib/refusals";
import {
  type Fields,
  fieldsOf,
  listOf,
  mapOf,
  maybeNumber,
  numberOf,
  type PluginProps,
  type PluginUi,
  textOf,
  type ViewerProps,
} from "../plugin";
import "./presence.css";

/** "Ann and Ben joined", "Ann, Ben and 12 more left"; empty for nobody but oneself. */
export function comingsWords(
  people: Fields[string],
  more: Fields[string],
  what: string,
  me: RoomView["me"],
): string {
  const names = listOf(people).flatMap((person) => {
    const { viewer, name } = fieldsOf(person);
    return numberOf(viewer) === me ? [] : [textOf(name)];
  });
  const shown = names.slice(0, 3);
  const others = names.length - shown.length + numberOf(more);
  const parts = others > 0 ? [...shown, `${others} more`] : [...shown];
  const last = parts.pop();
  if (last === undefined) return "";
  return `${parts.length > 0 ? `${parts.join(", ")} and ${last}` : last} ${what}`;
}

function News({ room, view, tell }: PluginProps) {
  usePluginEvent(room, "presence", "came_and_went", (event) => {
    const joined = comingsWords(event.joined, event.joined_more, "joined", view.me);
    const left = comingsWords(event.left, event.left_more, "left", view.me);
    const news = [joined, left].filter((words) => words !== "").join("; ");
    if (news) tell(news);
  });
  return null;
}

const awayOf = ({ plugin }: PluginProps, viewer: number | undefined) =>
  mapOf(plugin.state.away).get(viewer ?? 0);

function ViewerTags(props: ViewerProps) {
  const away = awayOf(props, props.viewer.id);
  if (away === undefined) return null;
  const byHand = fieldsOf(away).by_hand === true;
  return (
    <span
      className="tag"
      data-testid="away"
      title={byHand ? "Said to be right back" : "Looks at something else"}
    >
      {byHand ? "right back" : "away"}
    </span>
  );
}

interface Person {
  readonly id: number;
  readonly name: string;
  readonly away: boolean;
}

/** Everyone, page by page: wide rooms list only the first in the room's state. */
function Roster({ room, total, onClose }: PluginProps & { total: number; onClose(): void }) {
  const [people, setPeople] = useState<readonly Person[]>([]);
  const [next, setNext] = useState<number | undefined>(0);
  const [problem, setProblem] = useState("");
  const [loading, setLoading] = useState(false);
  const load = async () => {
    setLoading(true);
    const result = await room.command("presence", "page", { after: next || undefined, limit: 100 });
    setLoading(false);
    if (result.verdict !== "applied") {
      setProblem(refusalWords(result));
      return;
    }
    const page = fieldsOf(result.data);
    setProblem("");
    setNext(maybeNumber(page.next));
    setPeople((before) => [
      ...before,
      ...listOf(page.viewers).map((item) => {
        const { id, name, away } = fieldsOf(item);
        return { id: numberOf(id), name: textOf(name), away: away === true };
      }),
    ]);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first page, once.
  useEffect(() => {
    void load();
  }, []);
  return (
    <Dialog title={countOf(total, "viewer")} onClose={onClose}>
      <ul className="roster" data-testid="roster">
        {people.map(({ id, name, away }) => (
          <li key={id}>
            <bdi>{name}</bdi>
            {away && <span className="tag">away</span>}
          </li>
        ))}
      </ul>
      {problem && (
        <p className="hint hint-bad" role="alert">
          {problem}
        </p>
      )}
      {next !== undefined && (
        <button
          type="button"
          className="button"
          data-testid="roster-more"
          disabled={loading}
          onClick={() => void load()}
        >
          {loading ? "Loading…" : "Show more"}
        </button>
      )}
    </Dialog>
  );
}

function People(props: PluginProps) {
  const { room, view, plugin, tell } = props;
  const [open, setOpen] = useState(false);
  const run = useCommand(room, "presence", tell);
  const counts = fieldsOf(plugin.state.counts);
  const away = numberOf(counts.away);
  const gone = awayOf(props, view.me) !== undefined;
  return (
    <div className="presence">
      <p className="muted" data-testid="presence-counts">
        {numberOf(counts.active)} watching{away > 0 && `, ${away} away`}
      </p>
      <span className="row">
        <button
          type="button"
          className="button button-small"
          aria-pressed={gone}
          disabled={notLive(view) !== ""}
          data-testid="right-back"
          onClick={() => void run("say so", "away", { on: !gone })}
        >
          {gone ? "I am back" : "Right back"}
        </button>
        {view.viewerCount > view.viewers.length && (
          <button
            type="button"
            className="button button-small"
            data-testid="show-roster"
            onClick={() => setOpen(true)}
          >
            Show everyone
          </button>
        )}
      </span>
      {open && <Roster {...props} total={view.viewerCount} onClose={() => setOpen(false)} />}
    </div>
  );
}

const presence: PluginUi = { News, ViewerTags, People, tellsComings: true };
export default presence;
