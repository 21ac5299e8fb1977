// For whoever runs the engine: asks for the admin token once, then shows what the engine does, live.
import { type FormEvent, useCallback, useEffect, useId, useState } from "react";
import { Dashboard } from "../admin/dashboard";
import { useOverview } from "../admin/use-overview";
import { MarkIcon } from "../components/icons";
import { ThemeToggle } from "../components/theme-toggle";
import { adminToken } from "../lib/storage";
import "../styles/admin.css";

function TokenForm({ refusal, onToken }: { refusal: string; onToken: (token: string) => void }) {
  const id = useId();
  const [token, setToken] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim()) onToken(token.trim());
  };
  return (
    <form className="card token-form field" onSubmit={submit}>
      <label htmlFor={id}>Admin token</label>
      <input
        id={id}
        type="password"
        autoComplete="off"
        spellCheck={false}
        value={token}
        aria-invalid={refusal !== ""}
        aria-describedby={`${id}-hint`}
        data-testid="admin-token"
        onChange={(event) => setToken(event.target.value)}
      />
      <p
        id={`${id}-hint`}
        className={refusal ? "hint hint-bad" : "hint"}
        role={refusal ? "alert" : undefined}
        data-testid="admin-hint"
      >
        {refusal || "The config's admin_token. This tab remembers it until it is closed."}
      </p>
      <button type="submit" className="button button-accent" data-testid="admin-open">
        Open
      </button>
    </form>
  );
}

interface WatchProps {
  token: string;
  onRefused: (message: string) => void;
  onForget: () => void;
}

function Watch({ token, onRefused, onForget }: WatchProps) {
  const { history, watching } = useOverview(token);
  const refused = watching.state === "refused" ? watching.message : null;
  useEffect(() => {
    if (refused !== null) onRefused(refused);
    else if (watching.state === "live") adminToken.keep(token);
  }, [refused, watching.state, token, onRefused]);

  if (watching.state === "absent") {
    return (
      <div className="card panel" role="alert" data-testid="admin-absent">
        <h2>This engine has no admin API.</h2>
        <p className="muted">
          Its config has no <code>admin_token</code>, or it is older than this page. Set one, start
          the engine again, and come back.
        </p>
        <button type="button" className="button" onClick={onForget}>
          Try again
        </button>
      </div>
    );
  }
  return (
    <>
      <div
        className="admin-bar"
        role="status"
        data-testid="admin-state"
        data-state={watching.state}
      >
        {watching.state === "unreachable" ? (
          <span className="bad">
            {watching.message} {history.length > 0 && "These are its last numbers. "}Trying again…
          </span>
        ) : (
          history.length === 0 && <span className="muted">Asking the engine…</span>
        )}
      </div>
      <Dashboard history={history} />
      <p>
        <button type="button" className="button button-small" onClick={onForget}>
          Forget the token
        </button>
      </p>
    </>
  );
}

export function AdminPage() {
  const [token, setToken] = useState(adminToken.read);
  const [refusal, setRefusal] = useState("");
  const leave = useCallback((why: string) => {
    adminToken.forget();
    setRefusal(why);
    setToken("");
  }, []);
  useEffect(() => {
    document.title = "Admin · Playhead";
  }, []);
  return (
    <div className="admin">
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
        <h1>Admin</h1>
        {token === "" ? (
          <TokenForm
            refusal={refusal}
            onToken={(given) => {
              setRefusal("");
              setToken(given);
            }}
          />
        ) : (
          <Watch token={token} onRefused={leave} onForget={() => leave("")} />
        )}
      </main>
    </div>
  );
}
