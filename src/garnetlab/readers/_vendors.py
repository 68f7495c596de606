"""How makers of cyclers name their columns."""

from __future__ import annotations

from garnetlab.readers._vendor import Vendor

_NEWARE_DATES = ("date", "absolutetime", "realtime")
#: "Time" is that of the step: without a total time the dates are the time
NEWARE = Vendor(
    "Neware",
    {
        "time": ("cumulativetime", "totaltime", *_NEWARE_DATES),
        "voltage": ("voltage",),
        "current": ("current",),
        "cycle": ("cycleindex", "cyclecount", "cycle"),
        "step": ("stepcount", "stepindex"),
        "state": ("steptype",),
        "charged": ("chgcap", "chargecapacity"),
        "discharged": ("dchgcap", "dischargecapacity"),
        "capacity": ("capacity",),
        "date": _NEWARE_DATES,
        "temperature": ("auxtemperature", "aux1temperature", "t1"),
    },
    units={"time": "s", "temperature": "°C"},
    counters="step",
    order="",
    marks=("steptype",),
)
NEWARE_CHINESE = Vendor(
    "Neware",
    {
        "time": ("总时间", "累计时间", "绝对时间"),
        "voltage": ("电压",),
        "current": ("电流",),
        "cycle": ("循环号", "循环序号"),
        "step": ("工步号", "工步序号"),
        "state": ("工步类型",),
        "charged": ("充电容量",),
        "discharged": ("放电容量",),
        "capacity": ("容量",),
        "date": ("绝对时间",),
    },
    units={"time": "s"},
    counters="step",
    marks=("工步类型",),
    description=True,
)
ARBIN = Vendor(
    "Arbin",
    {
        "time": ("testtime",),
        "voltage": ("voltage",),
        "current": ("current",),
        "cycle": ("cycleindex",),
        "step": ("stepindex",),
        "charged": ("chargecapacity",),
        "discharged": ("dischargecapacity",),
        "date": ("datetime",),
        "temperature": ("auxtemperature1", "auxtemperature"),
    },
    units={"time": "s", "voltage": "V", "current": "A", "charged": "Ah", "discharged": "Ah", "temperature": "°C"},
    order="mdy",
    marks=("datapoint", "datetime", "cycleindex"),
)
MACCOR = Vendor(
    "Maccor",
    {
        "time": ("testtime", "test"),
        "voltage": ("voltage",),
        "current": ("current",),
        "cycle": ("cyclec", "cyc", "cycle"),
        "step": ("step",),
        "state": ("md", "state"),
        "capacity": ("cap", "capacity"),
        "date": ("dpttime",),
        "temperature": ("temp1",),
    },
    units={"voltage": "V", "temperature": "°C"},
    signed=False,
    marks=("rec",),
)
BASYTEC = Vendor(
    "Basytec",
    {
        "time": ("time",),
        "voltage": ("u",),
        "current": ("i",),
        "cycle": ("cyccount",),
        "step": ("line",),
        "state": ("command",),
        "capacity": ("ahstep",),
        "temperature": ("t1",),
    },
    units={"capacity": "Ah"},
    marks=("dataset",),
)
NOVONIX = Vendor(
    "Novonix",
    {
        "time": ("runtime",),
        "voltage": ("potential",),
        "current": ("current",),
        "cycle": ("cyclenumber",),
        "step": ("stepnumber",),
        "capacity": ("capacity",),
        "date": ("dateandtime",),
        "temperature": ("temperature",),
    },
    marks=("steptype",),
)
#: single table, old and new; English and Chinese names
LAND = Vendor(
    "LAND",
    {
        "time": ("testtime", "测试时间"),
        "voltage": ("voltage", "电压"),
        "current": ("current", "电流"),
        "cycle": ("cycle", "cycleno", "循环", "循环序号"),
        "step": ("step", "stepno", "工步", "工步序号"),
        "state": ("state", "stepstatus", "status", "状态"),
        "capacity": ("capacity", "容量"),
        "date": ("systime", "系统时间", "绝对时间"),
    },
    marks=("state", "stepstatus", "状态", "systime", "scapacity", "specap", "记录序号"),
    description=True,
)
#: the text export that follows Maccor's
LAND_TEXT = Vendor(
    "LAND",
    MACCOR.names,
    units={"voltage": "V"},
    signed=False,
    marks=("rec",),
    description=True,
)
