// Asks the engine once a second while the page is looked at, and says how that goes.
import { useEffect, useState } from "react";
import { usePageVisible } from "../hooks/use-page-visible";
import { ApiError } from "../lib/api";
import { remember } from "./history";
import { fetchOverview, type Overview } from "./overview";

export const refreshMs = 1000;

/** `refused`: the token is none. `absent`: there is no admin API. `unreachable`: nothing new, and it is tried again. */
export type Watching =
  | { state: "asking" | "live" }
  | { state: "refused" | "absent" | "unreachable"; message: string };

function problemOf(error: unknown): Watching {
  if (!(error instanceof ApiError)) return { state: "unreachable", message: String(error) };
  const { status, message } = error;
  if (status === 401 || status === 403 || status === 429) return { state: "refused", message };
  if (status === 404) return { state: "absent", message };
  return { state: "unreachable", message };
}

export function useOverview(token: string): { history: readonly Overview[]; watching: Watching } {
  const [history, setHistory] = useState<readonly Overview[]>([]);
  const [watching, setWatching] = useState<Watching>({ state: "asking" });
  const visible = usePageVisible();

  useEffect(() => {
    if (!visible) return;
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      const startedMs = performance.now();
      try {
        const overview = await fetchOverview(token);
        if (over) return;
        setHistory((before) => remember(before, overview));
        setWatching({ state: "live" });
      } catch (error) {
        if (over) return;
        const problem = problemOf(error);
        setWatching(problem);
        // Neither becomes another by asking again.
        if (problem.state !== "unreachable") return;
      }
      timer = setTimeout(ask, Math.max(refreshMs / 4, refreshMs - (performance.now() - startedMs)));
    };
    void ask();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [token, visible]);

  return { history, watching };
}
