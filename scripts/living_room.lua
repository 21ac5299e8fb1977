-- A living room: friends on one sofa. Everyone holds the remote, adds to the queue, points at the picture, and the film
-- waits for whoever's connection stutters.
--
--   playhead scripts/living_room.lua

return {
  listen = "0.0.0.0:8080",
  web_root = "../clients/web/dist",
  media_folder = "../var/media",

  rooms = {
    {
      id = "living-room",
      title = "Living room",
      listed = true,
      media = { kind = "file", url = "/media/demo.mp4", title = "Playhead demo" },
    },
  },

  plugins_folder = "../plugins",
  plugins = {
    roles = { owner_if_none = "longest_present" }, -- somebody has to be able to show the door
    host_control = { mode = "anyone" },
    chat = {},
    reactions = {},
    cursors = { hz = 20, viewers_max = 12 },
    queue = { gap_s = 8 },
    ready = { stalled_limit = 12, blocked_limit = 4, lost_limit = 4 },
    vote = {},
    presence = { gather_s = 0.5 },
    schedule = {},
  },
}
