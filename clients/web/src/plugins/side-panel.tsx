// The column beside the film. Without plugins it is the list of viewers; each plugin that has a tab adds one.
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { usePageVisible } from "../hooks/use-page-visible";
import { hasAny, type Place, Shown } from "./places";
import type { PanelProps } from "./plugin";
import "./side-panel.css";

interface Tab {
  id: string;
  label: string;
  badge(props: { shown: boolean }): ReactNode;
  panel(props: { shown: boolean }): ReactNode;
}

export function SidePanel({ children, ...place }: Place & { children: ReactNode }) {
  const { running, ...props } = place;
  const visible = usePageVisible();
  const [chosen, setChosen] = useState<string>();
  const bar = useRef<HTMLDivElement>(null);
  const base = useId();

  const tabs: Tab[] = running.flatMap(({ name, plugin, ui }): Tab[] => {
    const { tab } = ui;
    if (!tab) return [];
    const of = ({ shown }: { shown: boolean }): PanelProps => ({ ...props, plugin, shown });
    const { Panel, Badge, label } = tab;
    return [
      {
        id: name,
        label,
        badge: (state) => Badge && <Badge {...of(state)} />,
        panel: (state) => (
          <>
            {plugin.suspended && <Suspended />}
            <Panel {...of(state)} />
          </>
        ),
      },
    ];
  });
  const alone = tabs.length === 0 && !hasAny(running, "Section");
  tabs.push({ id: "people", label: "People", badge: () => null, panel: () => children });
  if (hasAny(running, "Section")) {
    tabs.push({
      id: "room",
      label: "Room",
      badge: () => null,
      panel: () => (
        <div className="sections">
          <Shown at="Section" {...place} />
        </div>
      ),
    });
  }
  const current = tabs.find(({ id }) => id === chosen) ?? tabs[0];

  // A panel that was opened once stays, hidden: a half-written line is not lost by a look at the queue.
  const opened = useRef(new Set<string>());
  if (current) opened.current.add(current.id);
  useEffect(() => {
    if (chosen === undefined) return;
    bar.current
      ?.querySelector('[aria-selected="true"]')
      ?.scrollIntoView({ inline: "nearest", block: "nearest" });
  }, [chosen]);

  if (alone) return children;
  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.findIndex(({ id }) => id === current?.id);
    const to: Record<string, number> = {
      ArrowRight: (at + 1) % tabs.length,
      ArrowLeft: (at - 1 + tabs.length) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    };
    const next = tabs[to[event.key] ?? -1];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    setChosen(next.id);
    document.getElementById(`${base}-tab-${next.id}`)?.focus();
  };
  return (
    <div className="tabs">
      <div
        className="tab-bar"
        role="tablist"
        aria-label="Beside the film"
        ref={bar}
        onKeyDown={onKeyDown}
      >
        {tabs.map(({ id, label, badge }) => {
          const selected = id === current?.id;
          return (
            <button
              key={id}
              id={`${base}-tab-${id}`}
              type="button"
              role="tab"
              className="tab"
              aria-selected={selected}
              aria-controls={`${base}-panel-${id}`}
              tabIndex={selected ? 0 : -1}
              data-testid={`tab-${id}`}
              onClick={() => setChosen(id)}
            >
              {label}
              {badge({ shown: selected && visible })}
            </button>
          );
        })}
      </div>
      {tabs.map(({ id, panel }) => {
        const selected = id === current?.id;
        if (!selected && !opened.current.has(id)) return null;
        return (
          <div
            key={id}
            id={`${base}-panel-${id}`}
            className="tab-panel"
            role="tabpanel"
            aria-labelledby={`${base}-tab-${id}`}
            data-testid={`panel-${id}`}
            hidden={!selected}
          >
            {panel({ shown: selected && visible })}
          </div>
        );
      })}
    </div>
  );
}

/** Its last state is still shown; nothing of it moves until it is back. */
function Suspended() {
  return (
    <p className="hint suspended" role="status">
      This part of the room is resting after a fault. It comes back by itself.
    </p>
  );
}
