// Asking for a connect token [H12]: engines may take links for nothing else [J14].

import type { Environment } from "./environment.js";
import { isErrorCodeName } from "./messages.js";
import type { Ending } from "./retry.js";

/** What a link is exchanged for. */
export interface Asking {
  readonly token: string;
  readonly device: string;
}

/** The token, good for one hello within 30 s; or why there is none, as an ending that may be retried. */
export async function askConnectToken(
  environment: Pick<Environment, "post">,
  socketUrl: string,
  asking: Asking,
): Promise<string | Ending> {
  const url = socketUrl
    .replace(/^ws/, "http")
    .replace(/\/ws\/([^/?#]+).*$/, "/api/v1/rooms/$1/join");
  try {
    const response = await environment.post(url, asking);
    const { connect_token: token, error } = await response.json();
    if (typeof token === "string") return token;
    return {
      code: isErrorCodeName(error?.code) ? error.code : "unreachable",
      message: String(error?.message ?? `the engine answered ${response.status}`),
      resumable: true,
      retryMs: 1000 * (Number(response.headers.get("retry-after")) || 0),
    };
  } catch {
    const message = "the engine gives no connect token";
    return { code: "unreachable", message, resumable: true, retryMs: 0 };
  }
}
