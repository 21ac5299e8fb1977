// Three pages, so a router would be more code than what it routes.
import { lazy, Suspense, useSyncExternalStore } from "react";
import { MarkIcon } from "./components/icons";
import { parseRoomLink } from "./lib/link";
import { LandingPage } from "./pages/landing-page";
import { RoomPage } from "./pages/room-page";

/** Nobody but operators needs it, so nobody else loads it. */
const AdminPage = lazy(async () => ({ default: (await import("./pages/admin-page")).AdminPage }));

/** Pasting another room's link over this one changes only the fragment or the path: notice it. */
function subscribeToAddress(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  window.addEventListener("popstate", listener);
  return () => {
    window.removeEventListener("hashchange", listener);
    window.removeEventListener("popstate", listener);
  };
}

export function App() {
  const href = useSyncExternalStore(subscribeToAddress, () => location.href);
  const { pathname } = new URL(href);
  if (pathname === "/" || pathname === "/index.html") return <LandingPage />;
  if (pathname === "/admin") {
    return (
      <Suspense fallback={<main className="notice" aria-busy="true" />}>
        <AdminPage />
      </Suspense>
    );
  }
  const address = parseRoomLink(href, location.origin);
  if (address) return <RoomPage key={`${address.room}#${address.joinToken}`} address={address} />;
  return (
    <main className="notice">
      <MarkIcon />
      <h1>There is nothing here.</h1>
      <p>The address is neither the start page nor a room.</p>
      <a className="button button-accent" href="/">
        Start page
      </a>
    </main>
  );
}
