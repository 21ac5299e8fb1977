# What the simulation has to find: mistakes in the engine, each a small change to one of its sources and the invariant that
# has to catch it. break_source.cmake makes copies of those sources that can be told to make one of them; the sources
# themselves know nothing of it.
#   mistake(<name> <invariant> <file in engine/> <text that is there, once> <text in its place>)
mistake(forgets_the_order stated_order room/commands.cpp
        [=[if (stamp < last) return false;]=]
        [=[if (stamp < last && !breaks("forgets_the_order")) return false;]=])
mistake(applies_again applied_once room/commands.cpp
        [=[if (command.sequence <= member.last_sequence) {]=]
        [=[if (command.sequence <= member.last_sequence && !breaks("applies_again")) {]=])
mistake(does_what_is_superseded nothing_superseded room/commands.cpp
        [=[    if (!wins(state_.last_motion, command)) return Verdict::superseded;
    state_.motion.set(sought(]=]
        [=[    if (!wins(state_.last_motion, command)) {
        if (breaks("does_what_is_superseded")) tell(EventKind::sought, command, context.tick, seek.to);
        return Verdict::superseded;
    }
    state_.motion.set(sought(]=])
mistake(does_what_is_denied denials_hold room/commands.cpp
        [=[            settled->viewer = command.viewer;]=]
        [=[            if (breaks("does_what_is_denied") && settled->verdict == Verdict::refused)
                std::visit([&](const auto& action) { static_cast<void>(act(judged, action, context)); }, judged.action);
            settled->viewer = command.viewer;]=])
mistake(gives_a_version_twice only_up room/room.cpp
        [=[    ++state_.version.value;]=]
        [=[    if (breaks("gives_a_version_twice") && state_.version.value % 20 == 19) state_.version.value -= 2;
    ++state_.version.value;]=])
mistake(forgets_to_count counts room/room.cpp
        [=[    if (state_.viewers.erase(leave.viewer) == 0) return;
    state_.viewer_count]=]
        [=[    if (state_.viewers.erase(leave.viewer) == 0) return;
    if (!breaks("forgets_to_count")) state_.viewer_count]=])
mistake(shows_who_is_lost_as_present same_state room/room.cpp
        [=[    row->second.connected = connected;
    state_.duration_open = true;
    show(row->second);]=]
        [=[    row->second.connected = connected;
    state_.duration_open = true;
    if (!breaks("shows_who_is_lost_as_present")) show(row->second);]=])
mistake(forgets_removals deltas_lead_to_state replication/baseline.cpp
        [=[const bool gone = tombstone.removed_at > base]=]
        [=[const bool gone = !breaks("forgets_removals") && tombstone.removed_at > base]=])
mistake(shows_too_much levels replication/baseline.cpp
        [=[if (table.audience() <= audience) add_shared_since]=]
        [=[if (table.audience() <= audience || breaks("shows_too_much")) add_shared_since]=])
mistake(keeps_an_old_snapshot late_joiner replication/baseline.cpp
        [=[    snapshots_.fill(Frame{});]=]
        [=[    if (!breaks("keeps_an_old_snapshot")) snapshots_.fill(Frame{});]=])
mistake(drops_an_update same_state session/outbox.cpp
        [=[        frames.push_back(room.update_from(epoch_, base_, audience));]=]
        [=[        if (!breaks("drops_an_update") || room.version().value % 7 != 0)
            frames.push_back(room.update_from(epoch_, base_, audience));]=])
mistake(answers_before_the_effect answered session/outbox.cpp
        [=[    if (lossy_) {
        append_lossy_update(]=]
        [=[    if (breaks("answers_before_the_effect") && own_) {
        frames.insert(frames.end(), own_->replies.begin(), own_->replies.end());
        own_->replies.clear();
    }
    if (lossy_) {
        append_lossy_update(]=])
mistake(is_patient_with_who_does_not_read limits session/outbox.cpp
        [=[    if (lane_ != Lane::lagging) return false;
    return connection.bytes_waiting()]=]
        [=[    if (lane_ != Lane::lagging || breaks("is_patient_with_who_does_not_read")) return false;
    return connection.bytes_waiting()]=])
mistake(says_that_nothing_has_changed quiet_rooms session/outbox.cpp
        [=[} else if (update_wanted_ ||]=]
        [=[} else if (breaks("says_that_nothing_has_changed") || update_wanted_ ||]=])
mistake(forgets_what_it_showed levels session/outbox.cpp
        [=[    if (served_.audience == audience) return;]=]
        [=[    if (served_.audience == audience || breaks("forgets_what_it_showed")) return;]=])
mistake(has_a_clock_that_is_late players_in_step session/protocol.cpp
        [=[return decision::AnswerPing{ping, now};]=]
        [=[return decision::AnswerPing{ping, now - Microseconds{breaks("has_a_clock_that_is_late") ? 300'000 : 0}};]=])
mistake(believes_the_future stated_order session/protocol.cpp
        [=[const ServerTime issued = std::clamp(command.issued_at, now - Stamp::window, now);]=]
        [=[const ServerTime issued = breaks("believes_the_future")
                                  ? command.issued_at
                                  : std::clamp(command.issued_at, now - Stamp::window, now);]=])
mistake(lets_strangers_in strangers session/admission.cpp
        [=[if (!same(token->secret, owner]=]
        [=[if (!breaks("lets_strangers_in") && !same(token->secret, owner]=])
mistake(keeps_places_for_ever nothing_left session/room_host.cpp
        [=[leaves_per_tick_max))
        remove_place(]=]
        [=[leaves_per_tick_max))
        if (!breaks("keeps_places_for_ever")) remove_place(]=])
mistake(leaks_connections nothing_left session/room_host.cpp
        [=[    gone_.clear();]=]
        [=[    if (!breaks("leaks_connections")) gone_.clear();]=])
mistake(does_not_roll_back denials_hold plugin/plugin_state.cpp
        [=[    while (undo_.size() > mark) {]=]
        [=[    while (undo_.size() > mark && !breaks("does_not_roll_back")) {]=])
mistake(records_no_conditions same_again recording/recorder.cpp
        [=[    turn_.calls.emplace_back(about_.left_out()]=]
        [=[    if (breaks("records_no_conditions") && std::holds_alternative<Condition>(input)) return;
    turn_.calls.emplace_back(about_.left_out()]=])
mistake(draws_chance_anew same_again recording/decode.cpp
        [=[    std::ranges::copy(*wire.chance(), words.begin());]=]
        [=[    std::ranges::copy(*wire.chance(), words.begin());
    if (breaks("draws_chance_anew")) ++words.front();]=])
mistake(lets_scripts_run_on limits plugin/lua_budget.cpp
        [=[    if (budget.left < 0) finish(]=]
        [=[    if (budget.left < 0 && !breaks("lets_scripts_run_on")) finish(]=])
mistake(waits_for_ever wait_policy plugin/timers.cpp
        [=[        if (timer.due <= tick) found]=]
        [=[        if (timer.due <= tick && !(breaks("waits_for_ever") && name.name == "limit")) found]=])
mistake(speaks_of_the_next_version protocol session/broadcast.cpp
        [=[        beacon_.version = version();]=]
        [=[        beacon_.version = version();
        if (breaks("speaks_of_the_next_version")) ++beacon_.version.value;]=])
mistake(forgets_who_was_here everyone_back session/admission.cpp
        [=[if (const Place* place = door.places.find(token->secret)) return]=]
        [=[if (breaks("forgets_who_was_here")) return refused(ErrorCode::token_stale, no_place);
        if (const Place* place = door.places.find(token->secret)) return]=])
mistake(trusts_the_disk same_again recording/recorder.cpp
        [=[    lost_ = !opened_.sink->append(std::move(bytes));]=]
        [=[    lost_ = !opened_.sink->append(std::move(bytes)) && !breaks("trusts_the_disk");]=])
