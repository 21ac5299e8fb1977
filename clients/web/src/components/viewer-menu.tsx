// What can be done with a viewer: the plugins of the room say what there is, this asks for what they need to know.
import type { ViewerView } from "@playhead/sdk";
import { type FormEvent, useId, useState } from "react";
import type { ViewerAction } from "../plugins/plugin";
import { ActionMenu } from "./action-menu";
import { Dialog } from "./dialog";
import { MoreIcon } from "./icons";

const times: ReadonlyArray<readonly [seconds: number, words: string]> = [
  [300, "5 minutes"],
  [3600, "1 hour"],
  [86_400, "1 day"],
  [604_800, "1 week"],
  [2_592_000, "30 days"],
];
/** The engine's limit on a reason, in code points. */
const reasonLengthMax = 200;

export function ViewerMenu({
  viewer,
  actions,
}: {
  viewer: ViewerView;
  actions(): readonly ViewerAction[];
}) {
  const [asking, setAsking] = useState<ViewerAction | null>(null);
  return (
    <>
      <ActionMenu
        label={`What to do with ${viewer.name}`}
        face={<MoreIcon />}
        testId="viewer-menu"
        actions={() =>
          actions().map((action) => ({
            id: action.id,
            label: action.label,
            disabledReason: action.disabledReason,
            danger: action.danger ?? false,
            onSelect: () => (action.ask ? setAsking(action) : action.run({})),
          }))
        }
      />
      {asking && <Ask action={asking} name={viewer.name} onClose={() => setAsking(null)} />}
    </>
  );
}

function Ask({ action, name, onClose }: { action: ViewerAction; name: string; onClose(): void }) {
  const [seconds, setSeconds] = useState(3600);
  const [reason, setReason] = useState("");
  const timeId = useId();
  const reasonId = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onClose();
    const said = reason.trim();
    action.run({
      ...(action.ask === "time" ? { seconds } : {}),
      ...(said === "" ? {} : { reason: said }),
    });
  };
  return (
    <Dialog title={`${action.label}: ${name}`} onClose={onClose}>
      <form onSubmit={submit}>
        {action.ask === "time" && (
          <div className="field">
            <label htmlFor={timeId}>For how long</label>
            <select
              id={timeId}
              className="select"
              data-testid="ask-time"
              value={seconds}
              onChange={(event) => setSeconds(Number(event.target.value))}
            >
              {times.map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </select>
          </div>
        )}
        <div className="field">
          <label htmlFor={reasonId}>Reason, which they are told</label>
          <input
            id={reasonId}
            type="text"
            data-testid="ask-reason"
            maxLength={reasonLengthMax}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </div>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-accent" data-testid="ask-do">
            {action.label}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
