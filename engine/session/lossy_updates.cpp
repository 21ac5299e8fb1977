#include "session/lossy_updates.hpp"

namespace playhead {

void LossyUpdates::claim(Epoch epoch, Version version) {
    epoch_ = epoch;
    base_ = sent_ = version;
    base_known_ = true;
}

LossyUpdates::Next LossyUpdates::next(Version newest, bool in_order, ServerTime now) const {
    if (base_ == Version{0}) return Next::snapshot;
    if ((base_known_ && base_ == newest) || sent_reliably_ == newest) return Next::nothing;
    if (in_order) return Next::reliable_delta;
    if (sent_ != newest) return Next::delta;
    if (given_up()) return Next::nothing; // the snapshot that is on its way will be acknowledged, or never
    if (now - said_at_ < saying_interval) return Next::nothing;
    return sayings_ < sayings_max ? Next::delta : Next::snapshot;
}

void LossyUpdates::said(Version version, ServerTime now) {
    if (version != sent_) sayings_ = 0;
    sent_ = version;
    ++sayings_;
    said_at_ = now;
}

void LossyUpdates::sent_reliably(Version version) {
    sent_ = sent_reliably_ = version;
    sayings_ = 0;
}

void LossyUpdates::sent_snapshot(Epoch epoch, Version version) {
    sent_reliably(version);
    epoch_ = epoch;
    base_ = version;
    base_known_ = false;
}

bool LossyUpdates::acknowledge(Epoch epoch, Version version) {
    if (base_ == Version{0} || epoch != epoch_ || version < base_ || version > sent_) return false;
    if (version == base_ && base_known_) return false;
    const bool gave_up = !acknowledged() && given_up();
    base_ = version;
    base_known_ = true;
    if (!gave_up) return false;
    sayings_ = 0;
    return unsettled();
}

bool LossyUpdates::unsettled() const {
    return base_ != Version{0} && !acknowledged() && sent_reliably_ != sent_ && !given_up();
}

} // namespace playhead
