local mode = { type = "one_of", values = { "anyone", "host", "vote" } }

return {
  name = "host_control",
  version = "1.0.0",
  api = 1,
  description = "Who holds the remote: anyone, the host, or the vote of all",
  after = { "roles" },
  before = { "vote" },
  on_fail = "closed", -- a room that has a host keeps it while this cannot be asked
  grants = { "roles" },

  settings = {
    mode = {
      type = "one_of",
      values = { "anyone", "host", "vote" },
      default = "host",
      description = "who controls playback at first",
    },
    grace_s = {
      type = "int",
      min = 0,
      max = 3600,
      default = 30,
      description = "how long the remote waits for a host who has gone, before the longest-present gets it",
    },
    owner_takes_over = { type = "bool", default = true, description = "an owner who comes in becomes the host" },
    moderators_may = { type = "bool", default = false, description = "moderators control playback as the host does" },
    covers = {
      type = "list",
      of = "text:1..64",
      max = 16,
      default = { "playback", "queue.edit", "queue.play", "queue.options", "schedule.set", "ready.check" },
      description = "the permissions that go with the remote",
    },
  },

  shared = {
    host = { kind = "value", of = "viewer?" },
    cohosts = { kind = "set", key = "viewer", size = 50 },
    mode = { kind = "value", of = mode },
    handover = {
      kind = "value",
      of = { type = "record", fields = { from_name = "text:0..32", ends_tick = "int" }, optional = true },
      description = "while the host has gone: whose remote it was, and when another gets it",
    },
  },

  saved = {
    owners = { kind = "set", key = "viewer", size = 200, description = "who was one when we last looked" },
  },

  commands = {
    hand_over = {
      args = { viewer = "viewer" },
      permission = "host_control.manage",
      description = "makes another the host",
    },
    take = { args = {}, permission = "host_control.take", description = "makes oneself the host" },
    cohost = {
      args = { viewer = "viewer", on = "bool" },
      permission = "host_control.manage",
      description = "shares the remote with a viewer, or no longer",
    },
    set_mode = {
      args = { mode = mode },
      permission = "host_control.manage",
      description = "says who controls playback",
    },
  },

  permissions = {
    ["host_control.manage"] = "pass the remote on and say who holds it",
    ["host_control.take"] = "take the remote",
  },
}
