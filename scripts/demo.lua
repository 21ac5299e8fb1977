-- The engine as `tools/run` starts it: one listed room with the demo title.
--
-- A config script returns a table. It is a small program, so values can be computed, but it reads nothing and asks nobody.
-- `playhead --check scripts/demo.lua` prints every setting this comes to; scripts/README.md lists them all.
-- Paths are relative to this file. `--listen HOST:PORT` on the command line stands in for `listen`.

return {
  -- Every address of this machine, so that others on the network can open the link too. 127.0.0.1:8080 keeps it to yourself.
  listen = "0.0.0.0:8080",

  -- Native clients may come over UDP as well (ENet, IPv4): what they miss is repeated, and delays nothing else. What they say
  -- is encrypted with keys that come with the HTTP address above; without TLS there, those keys can be read on the way.
  enet = { listen = "0.0.0.0:8081" },

  -- The web app, as `npm run build` leaves it, and the folder whose files are served under /media/.
  web_root = "../clients/web/dist",
  media_folder = "../var/media",

  -- Pages of other sites that may join rooms here. The engine's own pages always may.
  allowed_origins = {},

  -- Rooms that are there from the start and never expire. Listed ones are on the first page for everyone to join; the link of
  -- an unlisted one is in the log. More rooms are made in the browser.
  rooms = {
    {
      id = "demo",
      title = "Demo",
      listed = true,
      media = { kind = "file", url = "/media/demo.mp4", title = "Playhead demo" },
    },
  },

  -- The rules of every room here, those made in the browser too: without plugins everyone may do everything, and there is no
  -- chat and no queue. Each is a folder of plugins_folder and has settings of its own; plugins/README.md tells how to write
  -- one. `playhead plugins scripts/demo.lua` prints the order in which they are asked. A room of the list above may have
  -- `plugins` of its own; cinema.lua, living_room.lua and arena.lua beside this file are made for one occasion each.
  plugins_folder = "../plugins",
  plugins = {
    roles = { owner_if_none = "longest_present" }, -- the demo room is nobody's: the first to come looks after it
    host_control = { mode = "anyone" }, -- the host may keep the remote to themselves
    chat = {},
    reactions = {},
    cursors = {},
    queue = {},
    ready = {},
    vote = {},
    presence = {},
    schedule = {},
  },

  -- Limits guard the machine, not the people; the defaults suit one machine. Two worth knowing:
  limits = {
    empty_room_expiry_s = 600, -- a room that everyone has left is kept this long
    viewer_grace_s = 60, -- so is the place of a viewer whose connection was cut
  },
}
