import { useEffect, useState } from "react";
import { copyText } from "../lib/clipboard";
import { CheckIcon, LinkIcon } from "./icons";

export function CopyLink({ link, onFailure }: { link: string; onFailure(): void }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      className="button button-accent"
      data-testid="copy-link"
      data-link={link}
      disabled={link === ""}
      title={
        link === ""
          ? "You came in without the link's key, so there is none to pass on"
          : "Whoever opens it joins the room"
      }
      onClick={async () => {
        if (await copyText(link)) setCopied(true);
        else onFailure();
      }}
    >
      {copied ? <CheckIcon /> : <LinkIcon />}
      <span aria-live="polite">{copied ? "Copied" : "Copy link"}</span>
    </button>
  );
}
