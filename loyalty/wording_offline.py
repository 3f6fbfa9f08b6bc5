"""What is said about points that cannot be spent now, in zh and en; `loyalty.wording` says it."""

WORDS: dict[str, tuple[str, str]] = {
    "offline": (
        "现在没有网络，无法兑换；积分不受影响",
        "No network right now, so nothing can be redeemed; your points are safe",
    ),
    "balance_too_low": (
        "可用积分 {available}，需要 {needed}",
        "{available} points available, {needed} needed",
    ),
    "offline_ready": (
        "离线：现在最多可兑 {points} 分，联网时为您预留了这么多",
        "Offline: up to {points} points can be redeemed now; so many were set aside for you",
    ),
    "offline_off": (
        "离线：现在不能兑换，本商场不为离线兑换预留积分；积分不受影响",
        "Offline: nothing can be redeemed now, no points are set aside here; yours are safe",
    ),
    "offline_card": (
        "离线：现在不能兑换，此卡要联网后才能认出会员",
        "Offline: nothing can be redeemed now, this card's member is known only online",
    ),
    "offline_not_lent": (
        "离线：现在不能兑换，断网前没有在本机为您预留积分",
        "Offline: nothing can be redeemed now, nothing was set aside for you here before",
    ),
    "offline_none_lent": (
        "离线：现在不能兑换，断网前没有可预留的积分",
        "Offline: nothing can be redeemed now, there were no points to set aside",
    ),
    "offline_lent_spent": (
        "离线：现在不能再兑换，为您预留的积分已经用过",
        "Offline: nothing more can be redeemed now, what was set aside for you is used",
    ),
    "offline_lent_over": (
        "离线：现在不能兑换，为您预留积分的时限已过",
        "Offline: nothing can be redeemed now, the time of what was set aside is over",
    ),
    "offline_restarted": (
        "离线：现在不能兑换，本机重启过，之前预留的积分要联网后才能再用",
        "Offline: nothing can be redeemed now, this device restarted since points were set aside",
    ),
    "offline_more": (
        "离线：现在最多可兑 {points} 分，这份需要 {needed} 分",
        "Offline: up to {points} points can be redeemed now, this takes {needed}",
    ),
    "offline_stock": (
        "离线：此礼品有库存限制，联网后可兑",
        "Offline: only so many of this are there, so it needs the network",
    ),
    "offline_limit": (
        "离线：此礼品每位会员限兑，联网后可兑",
        "Offline: this has a limit for each member, so it needs the network",
    ),
    "offline_coupon": (
        "离线：优惠券的条件由总台记录，联网后可兑",
        "Offline: the server keeps a coupon's terms, so it needs the network",
    ),
    "offline_bundle": (
        "离线：套装联网后可兑",
        "Offline: a bundle needs the network",
    ),
    "offline_elsewhere": (
        "离线：此礼品在别的门店使用，联网后可兑",
        "Offline: this is handed over at another shop, so it needs the network",
    ),
    "offline_day_unsure": (
        "离线：本机重启后还不能确定日期，限时礼品联网后可兑",
        "Offline: this device is not sure of the day yet, so what is for a time needs the network",
    ),
    "balance_held": (
        "可用积分 {available}，需要 {needed}；另有 {held} 分正在别的终端使用",
        "{available} points available, {needed} needed; {held} more are in use at another screen",
    ),
}
