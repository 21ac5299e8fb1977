// Deciding together: motions everyone sees under the header, polls and their results in a tab.
import { type FormEvent, useId, useState } from "react";
import { ActionButton } from "../../components/action-button";
import { CloseIcon } from "../../components/icons";
import { useCommand } from "../../hooks/use-command";
import { useCountdown } from "../../hooks/use-countdown";
import { usePluginEvent } from "../../hooks/use-plugin-event";
import { countOf } from "../../lib/format";
import { deniedReason, notLive } from "../../lib/refusals";
import type { PanelProps, PluginProps, PluginUi } from "../plugin";
import { type Motion, motionsOf, motionWords, type Poll, pollsOf, shareOf } from "./questions";
import { useChoices } from "./use-choices";
import "./vote.css";

const questionLengthMax = 200;
const optionLengthMax = 80;
const optionsMax = 10;
const YES = 1;
const NO = 2;
/** More than this under the header would push the film out of sight; the tab has them all. */
const bannersMax = 2;

type MotionProps = PluginProps & {
  motion: Motion;
  choice: number | undefined;
  onChoose(choice: number): void;
};

function MotionRow(props: MotionProps) {
  const { room, view, tell, motion, choice, onChoose } = props;
  const run = useCommand(room, "vote", tell);
  const leftS = useCountdown(room, motion.endsTick);
  const reason = notLive(view) || deniedReason(room.may("vote.cast"));
  const cast = (yes: boolean) =>
    void run("vote", "cast", { motion: motion.id, yes }).then(({ verdict }) => {
      if (verdict === "applied") onChoose(yes ? YES : NO);
    });
  const ends = motion.by === view.me || room.may("vote.moderate").allowed;
  return (
    <div className="motion" data-testid="motion" data-motion={motion.id}>
      <p>
        <strong>
          <bdi>{motion.words}</bdi>
        </strong>{" "}
        <small>
          {motion.byName && (
            <>
              by <bdi>{motion.byName}</bdi>
            </>
          )}
          {leftS !== undefined && ` · ${leftS} s left`}
        </small>
      </p>
      <meter
        className="vote-meter"
        min={0}
        max={Math.max(1, motion.needed)}
        value={motion.yes}
        aria-label={`${motion.yes} yes of ${motion.needed} needed`}
      />
      <div className="row">
        <span className="row-fill" data-testid="motion-count">
          {motion.yes} of {motion.needed} yes{motion.no > 0 && `, ${motion.no} no`}
        </span>
        <ActionButton
          disabledReason={reason}
          tell={tell}
          pressed={choice === YES}
          testId="vote-yes"
          onAct={() => cast(true)}
        >
          Yes
        </ActionButton>
        <ActionButton
          disabledReason={reason}
          tell={tell}
          pressed={choice === NO}
          testId="vote-no"
          onAct={() => cast(false)}
        >
          No
        </ActionButton>
        {ends && (
          <ActionButton
            className="control control-small"
            label="Take it off the table"
            disabledReason={notLive(view)}
            tell={tell}
            onAct={() => void run("end it", "withdraw", { motion: motion.id })}
          >
            <CloseIcon />
          </ActionButton>
        )}
      </div>
    </div>
  );
}

function PollCard({
  poll,
  choice,
  onChoose,
  ...props
}: PluginProps & { poll: Poll; choice: number | undefined; onChoose(choice: number): void }) {
  const { room, view, tell } = props;
  const run = useCommand(room, "vote", tell);
  const leftS = useCountdown(room, poll.open ? poll.endsTick : undefined);
  const total = poll.counts.reduce((sum, count) => sum + count, 0);
  const most = Math.max(...poll.counts);
  const reason = !poll.open
    ? "This poll is over."
    : notLive(view) || deniedReason(room.may("vote.cast"));
  const ends = poll.open && (poll.by === view.me || room.may("vote.moderate").allowed);
  return (
    <section className="poll" data-testid="poll" data-poll={poll.id} aria-label={poll.question}>
      <p>
        <strong>
          <bdi>{poll.question}</bdi>
        </strong>{" "}
        <small>
          {poll.byName && (
            <>
              by <bdi>{poll.byName}</bdi> ·{" "}
            </>
          )}
          {countOf(total, "vote")}
          {!poll.open && " · over"}
          {leftS !== undefined && ` · ${leftS} s left`}
        </small>
      </p>
      <ul>
        {poll.options.map((option, at) => {
          const count = poll.counts[at] ?? 0;
          const share = shareOf(count, total);
          const mine = choice === at + 1;
          return (
            <li key={option}>
              <button
                type="button"
                className={`poll-option${!poll.open && count === most && count > 0 ? " poll-best" : ""}`}
                style={{ backgroundSize: `${share * 100}% 100%` }}
                aria-pressed={mine}
                aria-disabled={reason !== ""}
                title={reason || undefined}
                data-testid="poll-option"
                onClick={() => {
                  if (reason) tell(reason);
                  else
                    void run("vote", "answer", { poll: poll.id, option: at + 1 }).then(
                      ({ verdict }) => {
                        if (verdict === "applied") onChoose(at + 1);
                      },
                    );
                }}
              >
                <span>
                  {mine && "✓ "}
                  <bdi>{option}</bdi>
                </span>
                <span className="poll-count">
                  {count} <small>{Math.round(share * 100)} %</small>
                </span>
              </button>
            </li>
          );
        })}
      </ul>
      {ends && (
        <button
          type="button"
          className="button button-small"
          onClick={() => void run("close it", "close", { poll: poll.id })}
        >
          Close the poll
        </button>
      )}
    </section>
  );
}

function Ask({ room, view, tell }: PluginProps) {
  const run = useCommand(room, "vote", tell);
  const [question, setQuestion] = useState("");
  const [options, setOptions] = useState<readonly string[]>(["", ""]);
  const [asPoll, setAsPoll] = useState(false);
  const questionId = useId();
  const reason = notLive(view) || deniedReason(room.may(asPoll ? "vote.poll" : "vote.start"));
  const filled = [...new Set(options.map((option) => option.trim()).filter(Boolean))];
  const incomplete =
    question.trim() === ""
      ? "Write a question."
      : asPoll && filled.length < 2
        ? "A poll has two answers or more."
        : "";
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (reason || incomplete) {
      tell(reason || incomplete);
      return;
    }
    const { verdict } = asPoll
      ? await run("start the poll", "poll", { question: question.trim(), options: filled })
      : await run("put it to the vote", "start", { action: "ask", question: question.trim() });
    if (verdict !== "applied") return;
    setQuestion("");
    setOptions(["", ""]);
  };
  return (
    <form className="ask" onSubmit={submit}>
      <label htmlFor={questionId} className="visually-hidden">
        Question
      </label>
      <input
        id={questionId}
        className="input"
        type="text"
        data-testid="ask-question"
        maxLength={questionLengthMax}
        placeholder="Ask the room something"
        value={question}
        onChange={({ target }) => setQuestion(target.value)}
      />
      {asPoll &&
        options.map((option, at) => (
          <input
            // biome-ignore lint/suspicious/noArrayIndexKey: the fields have no other identity than their place.
            key={at}
            className="input"
            type="text"
            data-testid="ask-option"
            maxLength={optionLengthMax}
            placeholder={`Answer ${at + 1}`}
            aria-label={`Answer ${at + 1}`}
            value={option}
            onChange={({ target }) => {
              const next = options.map((each, index) => (index === at ? target.value : each));
              // There is always an empty field for one more.
              if (next.at(-1) !== "" && next.length < optionsMax) next.push("");
              setOptions(next);
            }}
          />
        ))}
      <div className="row">
        <label className="check-row row-fill">
          <input
            type="checkbox"
            data-testid="ask-as-poll"
            checked={asPoll}
            onChange={({ target }) => setAsPoll(target.checked)}
          />
          With answers to choose from
        </label>
        <button
          type="submit"
          className="button button-small"
          data-testid="ask-start"
          aria-disabled={reason !== "" || incomplete !== ""}
          title={reason || incomplete || undefined}
        >
          Ask
        </button>
      </div>
    </form>
  );
}

function Panel(props: PanelProps) {
  const { room, view, plugin, tell } = props;
  const run = useCommand(room, "vote", tell);
  const { choices, choose } = useChoices(room, view.status === "live", plugin);
  const motions = motionsOf(plugin.state);
  const polls = pollsOf(plugin.state);
  const startReason =
    notLive(view) ||
    deniedReason(room.may("vote.start")) ||
    (view.media.instance === 0 ? "Nothing is loaded." : "");
  return (
    <section className="votes" aria-label="Votes">
      <div className="row">
        <ActionButton
          disabledReason={startReason}
          tell={tell}
          testId="vote-skip"
          onAct={() => void run("put it to the vote", "start", { action: "skip" })}
        >
          Vote to skip
        </ActionButton>
      </div>
      {motions.map((motion) => (
        <MotionRow
          key={motion.id}
          {...props}
          motion={motion}
          choice={choices.get(motion.id)}
          onChoose={(choice) => choose(motion.id, choice)}
        />
      ))}
      <Ask {...props} />
      {polls.map((poll) => (
        <PollCard
          key={poll.id}
          {...props}
          poll={poll}
          choice={choices.get(poll.id)}
          onChoose={(choice) => choose(poll.id, choice)}
        />
      ))}
    </section>
  );
}

function Banner(props: PluginProps) {
  const { room, view, plugin } = props;
  const { choices, choose } = useChoices(room, view.status === "live", plugin);
  return motionsOf(plugin.state)
    .slice(0, bannersMax)
    .map((motion) => (
      <div
        key={motion.id}
        className="banner plugin-banner"
        role="status"
        data-testid="motion-banner"
      >
        <MotionRow
          {...props}
          motion={motion}
          choice={choices.get(motion.id)}
          onChoose={(choice) => choose(motion.id, choice)}
        />
      </div>
    ));
}

function Badge({ plugin }: PanelProps) {
  const open =
    motionsOf(plugin.state).length + pollsOf(plugin.state).filter((poll) => poll.open).length;
  return open > 0 && <span className="tab-badge tab-badge-quiet">{open}</span>;
}

function News({ room, tell }: PluginProps) {
  usePluginEvent(room, "vote", "decided", (motion) => {
    const words = motionWords(motion);
    tell(`${words} ${motion.passed === true ? "Yes." : "No."}`);
  });
  return null;
}

const vote: PluginUi = { tab: { label: "Votes", Panel, Badge }, Banner, News };
export default vote;
