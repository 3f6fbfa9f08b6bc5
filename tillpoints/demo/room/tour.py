"""The guided tour: the product in a few presses, each with a sentence on what to look at."""

from __future__ import annotations

from msgspec import Struct

from tillpoints.demo.room.moves import Move

GOLD = "262693993844"  # 杨景行
SILVER = "907731062388"  # 刘嘉豪
BAG = "canvas-bag"  # 织野帆布袋


class Stop(Struct, frozen=True):
    """One stop of the tour: its name, what is to be seen, and the moves behind its button."""

    zh: str
    en: str
    look_zh: str
    look_en: str
    moves: tuple[Move, ...]


TOUR = (
    Stop(
        "扫会员",
        "Scan a member",
        "顾客出示会员码，收银屏立即认出金卡会员杨先生，接下来的一张小票归他。",
        "The till knows a gold member at once; the next receipt will be his.",
        (Move("scan", "till-1", GOLD),),
    ),
    Stop(
        "打印小票",
        "Print a receipt",
        "餐厅自己的收银系统照常打印。旁路盒原样放行并读懂小票，随后打出积分凭条，总账同时入账。",
        "The shop's own POS prints as ever. The tap passes it on, reads it, and a slip follows.",
        (Move("sell", "till-1"),),
    ),
    Stop(
        "断网",
        "Cut the network",
        "拔掉禾鹿小馆到总台的网线。收银和打印不受影响。",
        "The restaurant's line to central is cut. Selling and printing go on.",
        (Move("cut", "till-1"),),
    ),
    Stop(
        "断网照常积分",
        "Earn offline",
        "再扫一位银卡会员并结账：凭条照打，积分写进本机日志，等待上传。",
        "Another member, another receipt: the slip is printed and the award waits in the journal.",
        (Move("scan", "till-1", SILVER), Move("sell", "till-1")),
    ),
    Stop(
        "强杀程序",
        "Kill the agent",
        "直接杀掉收银屏背后的程序（kill -9）。它自动重启，一分不少。",
        "The program behind the screen is killed outright. It comes back, and no point is lost.",
        (Move("kill_agent", "till-1"),),
    ),
    Stop(
        "恢复网络",
        "Plug it back",
        "插回网线：日志自动补传，总账每笔只记一次，合计始终为零。",
        "The journal is sent; central books each event once, and the sum stays zero.",
        (Move("plug", "till-1"),),
    ),
    Stop(
        "没扫会员",
        "No member",
        "这位顾客没出示会员码。下一张单据一打印，就会补打一张认领凭条。",
        "Nobody was scanned. As soon as the next job prints, a claim slip comes out.",
        (Move("sell", "till-1"), Move("other_paper", "till-1")),
    ),
    Stop(
        "自助机认领",
        "Claim at the kiosk",
        "顾客在自助机刷会员码，再扫认领凭条，积分到账。",
        "At the kiosk the customer scans their card and the claim slip: the points arrive.",
        (Move("scan", "kiosk-1", GOLD), Move("scan", "kiosk-1", "claim")),
    ),
    Stop(
        "兑换礼品",
        "Redeem a reward",
        "会员在自助机上点选织野帆布袋并确认：积分扣除，兑换凭条随即打印。屏幕也可以自己点。",
        "At the kiosk the member picks a canvas bag: points are spent, a voucher is printed."
        " The screen takes your touch too.",
        (Move("scan", "kiosk-1", GOLD), Move("redeem", "kiosk-1", BAG)),
    ),
    Stop(
        "核销一次",
        "Use the voucher",
        "把兑换凭条拿到织野门店扫一次：有效。再扫一次：已使用。",
        "Scan the voucher at the fashion shop: accepted. Scan it again: used already.",
        (Move("scan", "till-2", "voucher"),),
    ),
)
