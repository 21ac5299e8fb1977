-- Owner, moderator, member and guest. Everyone starts as a guest, except whoever comes in with the owner's link.
local who = { type = "one_of", values = { "anyone", "member", "host", "moderator", "owner" } }

return {
  name = "roles",
  version = "1.0.0",
  api = 1,
  description = "Who may do what, and what moderators do about those who should not: mute, kick, ban",
  on_fail = "closed", -- a room that cannot ask who is muted stays as strict as it was
  grants = { "roles", "kick", "ban" },

  settings = {
    owner_if_none = {
      type = "one_of",
      values = { "nobody", "longest_present" },
      default = "nobody",
      description = "who becomes the owner of a room that has none here",
    },
    who = {
      type = "map",
      key = "text",
      of = who,
      max = 64,
      default = {},
      description = 'who may do what from the start, such as { ["chat.say"] = "member" }; can be changed in the room',
    },
    mute_covers = {
      type = "list",
      of = "text:1..64",
      max = 16,
      default = { "chat.say", "reactions.react", "cursors.point" },
      description = "the permissions that a muted viewer has not",
    },
    ban_s = {
      type = "int",
      min = 1,
      max = 31536000,
      default = 86400,
      description = "how long a ban holds if no time is said",
    },
  },

  shared = {
    who = {
      kind = "map",
      key = "text",
      of = who,
      size = 64,
      description = "permission -> who has it; absent: anyone",
    },
    mutes = {
      kind = "map",
      key = "viewer",
      of = {
        type = "record",
        fields = { by_name = "text:0..32", reason = "text:0..200", until_tick = "int?" }, -- no tick: until unmuted
      },
      size = 100,
    },
    bans = {
      kind = "list",
      of = {
        type = "record",
        fields = {
          viewer = "viewer",
          name = "text:0..32",
          by_name = "text:0..32",
          reason = "text:0..200",
          until_tick = "int",
        },
      },
      size = 100,
      to = "moderators",
    },
    log = {
      kind = "ring",
      of = {
        type = "record",
        fields = {
          tick = "int",
          by_name = "text:0..32",
          action = "text:1..16",
          name = "text:0..64",
          reason = "text:0..200",
        },
      },
      size = 50,
      to = "moderators",
      description = "what moderators did",
    },
  },

  saved = {
    opened = {
      kind = "value",
      of = "bool?",
      description = "the settings' `who` has been put in force; from then on the room's own holds",
    },
    owners = { kind = "set", key = "viewer", size = 100 },
  },

  commands = {
    grant = {
      args = { viewer = "viewer", role = { type = "one_of", values = { "owner", "moderator", "member" } } },
      permission = "roles.grant",
      description = "gives a role; only owners make owners and moderators",
    },
    revoke = {
      args = { viewer = "viewer", role = { type = "one_of", values = { "owner", "moderator", "member" } } },
      permission = "roles.grant",
      description = "takes a role back",
    },
    kick = {
      args = { viewer = "viewer", reason = "text:0..200?" },
      permission = "roles.kick",
      description = "shows the door",
    },
    ban = {
      args = { viewer = "viewer", seconds = "int:1..31536000?", reason = "text:0..200?" },
      permission = "roles.ban",
      description = "kicks, and keeps out for a time",
    },
    unban = {
      args = { ban = "int" },
      permission = "roles.ban",
      description = "lifts a ban of the list `bans`, by its id",
    },
    mute = {
      args = { viewer = "viewer", seconds = "int:1..31536000?", reason = "text:0..200?" },
      permission = "roles.mute",
      description = "takes the permissions of mute_covers from a viewer, for a time or until unmuted",
    },
    unmute = { args = { viewer = "viewer" }, permission = "roles.mute" },
    permit = {
      args = { permission = "text:1..64", who = who },
      permission = "roles.permit",
      description = "says who has a permission in this room",
    },
  },

  permissions = {
    ["roles.grant"] = "give and take roles",
    ["roles.kick"] = "kick viewers out",
    ["roles.ban"] = "ban viewers, and lift bans",
    ["roles.mute"] = "mute viewers",
    ["roles.permit"] = "say who may do what",
  },
}
