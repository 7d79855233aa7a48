"""Services of ours that AdGuard Home has as well, by their ids here: the rest stays here."""

from __future__ import annotations

from typing import Final

KNOWN_THERE: Final = frozenset(
    (
        *("9gag", "aliexpress", "amazon", "apple_tv", "battle_net", "betfair", "betway"),
        *("bilibili", "bluesky", "box", "chatgpt", "claude", "copilot", "crunchyroll"),
        *("dailymotion", "deepseek", "deezer", "discord", "disney_plus", "dropbox", "ea", "ebay"),
        *("epic_games", "facebook", "gemini", "gog", "grindr", "grok", "hbo_max", "hulu"),
        *("icloud_private_relay", "imgur", "instagram", "kakaotalk", "kik", "line", "linkedin"),
        *("mastodon", "mercado_libre", "meta_ai", "microsoft_teams", "minecraft", "netflix"),
        *("nintendo", "odnoklassniki", "onlyfans", "paramount_plus", "peacock", "perplexity"),
        *("pinterest", "playstation", "plenty_of_fish", "plex", "pluto_tv", "prime_video"),
        *("reddit", "riot_games", "roblox", "rockstar_games", "shein", "shopee", "signal", "slack"),
        *("snapchat", "soundcloud", "spotify", "steam", "telegram", "temu", "tidal", "tiktok"),
        *("tinder", "tumblr", "twitch", "twitter", "ubisoft", "viber", "vimeo", "vk", "wargaming"),
        *("wechat", "weibo", "whatsapp", "xbox", "xiaohongshu", "youtube"),
    )
)
"""Those of its registry of August 2026."""
