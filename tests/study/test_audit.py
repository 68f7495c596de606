"""The audit: every number against an independent calculation, written out beside it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from garnetlab.core import InvalidInput
from garnetlab.library import load_observations
from garnetlab.study import VERDICTS, audit
from garnetlab.study._audit_checks_numbers import Paper, propagated, rounding_std
from garnetlab.study._audit_checks_record import Check


@pytest.fixture(scope="module")
def checks():
    return {c.id: c for c in audit()}


def changed(key: str, value: float):
    """Return the observations with one reported value replaced."""
    return tuple(replace(o, value=value) if o.id == key else o for o in load_observations())


def verdict_with(check: str, key: str, value: float) -> str:
    return next(c.verdict for c in audit(changed(key, value)) if c.id == check)


def test_every_check_has_the_four_entries_of_the_contract_and_a_known_verdict(checks):
    for check in checks.values():
        assert list(check.to_dict()) == ["id", "statement", "calculation", "verdict"]
        assert check.verdict in VERDICTS


def test_every_calculation_is_one_line_that_holds_a_number(checks):
    assert [c.id for c in checks.values() if "\n" in c.calculation or not re.search(r"\d", c.calculation)] == []


def test_every_check_has_its_own_id(checks):
    assert len(checks) == len(audit())


#: check, what its calculation must say, and how the number was obtained by hand (R = 8.314463, F = 96485.33,
#: k_B = 8.617333e-5 eV/K, 298.15 K)
NUMBERS = [
    # 8.314463*298.15/96485.33 = 25.6926 mV; /0.589 mA/cm^2 = 43.62; /0.145 = 177.19 ohm cm^2
    ("rct.unit", "43.6 ohm cm^2"),
    ("rct.unit", "177.2 ohm cm^2"),
    # pi/4 cm^2 = 0.785398: 43.62/0.785398 = 55.54, 177.19/0.785398 = 225.6 ohm
    ("rct.unit", "55.5 ohm on the pellet face"),
    ("rct.unit", "225.6 ohm on the pellet face"),
    # 298.15*0.224e3/225.61 = 296.0 K and 298.15*0.055e3/55.54 = 295.3 K
    ("rct.unit", "22 to 23 degC"),
    ("rct.exceeds_asr", "43.6 > 32.5 ohm cm^2"),
    # 0.589/0.145 = 4.0621
    ("tafel.times", "4.06 times as great, which is 3.06 times greater"),
    # 181.6/32.5 = 5.588; exp(0.03/(8.617333e-5*298.15)) = exp(1.1677) = 3.2145; 5.588/3.2145 = 1.738;
    # exp(0.02/0.0256926) = 2.178: 1.738/2.178 = 0.798 and 1.738*2.178 = 3.786
    ("interface.barrier", "explains 3.21 of it at 25 degC and leaves 1.74"),
    ("interface.barrier", "0.80 to 3.79"),
    # 1/298.15 - 1/333.15 = 3.52361e-4 1/K; pellet 192.31/exp(0.37*4.08898) = 192.31/4.5405 = 42.354 ohm cm^2, for
    # sigma T x 333.15/298.15 = 47.326; interface 32.5/exp(0.58*4.08898) = 32.5/10.718 = 3.0323, twice 6.0646;
    # x 0.8 mA/cm^2: 38.73 and 42.71 mV
    ("overpotential.60C", "38.7 to 42.7 mV"),
    # (92.5 - 6.0646)/47.326 = 1.826
    ("overpotential.60C", "1.83 mm"),
    ("overpotential.60C", "77 to 85 mV"),
    # 0.8*42.354 = 33.88 and 0.8*47.326 = 37.86
    ("short.60C", "33.9 to 37.9 mV"),
    # 1/273.15 - 1/298.15 = 3.06979e-4, /k_B = 3.56235 1/eV: pellet 192.31*exp(1.31807) = 718.5, for sigma T
    # x 273.15/298.15 = 658.2; interface 2*32.5*exp(2.06616) = 513.2; mean (1231.7 + 1171.4)/2*0.8 = 961 mV
    ("temperature.abstract", "961 mV, at 60 degC 41 mV"),
    # 0.1/5.2e-4 = 192.308
    ("rtot.sum", "Li 333 < 192.3 + 181.6 = 373.9"),
    # (10/8)^2 = 1.5625: 102*1.5625 = 159.4; 231*1.5625 - 224.81 = 136.1; 333*1.5625 - 373.91 = 146.4
    ("rtot.sum", "159 on the pellet face (ASR difference 149) and 136 (Li-10KCO) and 146 (Li)"),
    # 5.16e-10/5.2e-4 = 9.923e-7; 192.308/0.785398 = 244.85
    ("llzto.transference", "9.92e-07"),
    ("llzto.transference", "244.9 ohm"),
    # 5.16e-10 S/cm*0.05 V/0.1 cm = 2.58e-10 A/cm^2; *4500*3600 s = 4.1796e-3 C/cm^2; *12.97/96485 = 5.618e-7 cm
    ("leakage", "at 50 mV uniform leakage through sigma_e plates 5.6 nm"),
    # 0.2*(192.31 + 65) = 51.46 mV
    ("leakage", "drops 51 mV"),
    # 2/1e-4 = 2e4; 2e4/257.31 = 77.7; 0.1*257.31 = 25.7 mV
    ("overcharge.2V", "20 kohm cm^2, 78 times the 257 ohm cm^2 of the intact cell (26 mV)"),
    # 2.2/3 = 0.7333; 2.2/0.7 = 3.143; 2.2/0.8 = 2.75
    ("ccd.step", "0.73 mA/cm^2 is no step; 0.7 and 0.8 give 3.14 and 2.75 times"),
    ("ccd.all", "not above Li: Li-1KCO."),
    # 4 h of 0.5 h each
    ("ccd.life", "fails after 8 of them"),
    # 0.1/0.2 h and 0.2/0.4 h
    ("ccd.half_cycle", "30 and 30 min"),
    # 155.3/154.5 = 1.005178
    ("lfp.retention", "100.52"),
    # 96485.33/3.6/157.757 = 169.89 mAh/g; x 0.5 x 2 mg/cm^2 = 0.16989 mA/cm^2; 222/0.33978 = 653.4; /333 = 1.962
    ("lfp.gap", "653 ohm cm^2, 1.96 times"),
    # 10*78.196/138.204 = 5.658
    ("k.trace", "5.66 wt% K, 566 times"),
    # 293.3 - 294.7
    ("xps.k2p", "-1.4 eV from the metal"),
    # 296.2 - 293.3; minus 2.77
    ("xps.k2p.split", "2.90 +- 0.04 eV"),
    ("xps.k2p.split", "+0.13 eV"),
    ("xps.o1s", "LiOH and Li2CO3"),
    # 285.95 - 56.5 and 285.2 - 57.1
    ("xps.c1s_li1s", "229.45 eV"),
    ("xps.c1s_li1s", "228.10 eV"),
    # tan 31 deg
    ("wetting.hemisphere", "0.60"),
    # cos 62/cos 18 = 0.46947/0.95106 = 0.4936; cos 88/cos 22 = 0.034899/0.92718 = 0.0376
    ("wetting.tension", "49 % (LLZTO, 350 degC) and to 4 % (Cu, 210 degC)"),
    # 800*86400
    ("stirring.unit", "6.9e+07 rpm"),
]


@pytest.mark.parametrize(("key", "said"), NUMBERS, ids=[f"{i}-{k}" for i, (k, _) in enumerate(NUMBERS)])
def test_the_calculation_says(checks, key, said):
    assert said in checks[key].calculation


def test_no_value_carries_an_error_bar(checks):
    # counted from the table: rows of kind measured or censored that hold a number
    numbers = [o for o in load_observations() if o.kind in ("measured", "censored") and o.value is not None]
    assert f"0 of {len(numbers)} measured numbers" in checks["statistics"].calculation


VERDICTS_OF = {
    "rct.unit": "inconsistent",
    "rct.exceeds_asr": "inconsistent",
    "tafel.times": "ambiguous",
    "overpotential.60C": "ambiguous",
    "short.60C": "consistent",
    "rtot.sum": "ambiguous",
    "llzto.transference": "consistent",
    "ccd.all": "inconsistent",
    "ccd.trend": "consistent",
    "k.trace": "inconsistent",
    "xps.k2p": "inconsistent",
    "xps.o1s": "not decidable from the text",
    "layer.electronic": "inconsistent",
    "statistics": "not decidable from the text",
}


@pytest.mark.parametrize("key", VERDICTS_OF)
def test_the_verdict_is(checks, key):
    assert checks[key].verdict == VERDICTS_OF[key]


@pytest.mark.parametrize(
    ("check", "key", "value", "verdict"),
    [
        ("rct.unit", "tafel.rct.li", 224.0, "inconsistent"),  # one of two right is not enough
        ("rct.exceeds_asr", "asr.10", 45.0, "consistent"),  # 43.6 < 45
        ("tafel.times", "tafel.ratio", 5.0, "inconsistent"),  # neither 4.06 nor 3.06 times greater
        ("overpotential.60C", "v.10.0.8.60C", 41.0, "consistent"),
        ("short.60C", "v.0.0.8.60C.short", 40.0, "inconsistent"),  # above 33.9
        ("rtot.sum", "lfp.rtot.0", 400.0, "consistent"),  # above 373.9
        ("rtot.sum", "lfp.rtot.0", 200.0, "inconsistent"),  # 312 < 374 even per pellet face
        ("ccd.all", "ccd.1", 0.6, "consistent"),
        ("ccd.trend", "ccd.20", 0.4, "ambiguous"),  # lower than Li in spite of the lower ASR
        ("lfp.retention", "lfp.q120.10", 150.0, "consistent"),
        ("lfp.gap", "lfp.gap.first.0", 100.0, "consistent"),  # 294 < 333
        ("xps.k2p", "xps.k2p32", 294.7, "consistent"),
        ("xps.k2p.split", "xps.k2p12", 297.2, "inconsistent"),  # 3.9 eV apart
        ("xps.o1s", "xps.o1s.li2o", 528.6, "consistent"),
        ("xps.c1s_li1s", "xps.c1s.lic6", 284.6, "consistent"),
        ("wetting.hemisphere", "wet.llzto.li", 90.0, "consistent"),
    ],
)
def test_another_value_changes_the_verdict(check, key, value, verdict):
    assert verdict_with(check, key, value) == verdict


def test_a_missing_observation_is_named():
    with pytest.raises(InvalidInput, match=r"asr\.10'?: not among the \d+ observations"):
        audit(o for o in load_observations() if o.id != "asr.10")


def test_an_observation_without_a_number_is_named():
    with pytest.raises(InvalidInput, match=r"'potential\.asym': has no number"):
        Paper(load_observations()).field("potential.asym")


def test_an_unknown_verdict_is_refused():
    with pytest.raises(InvalidInput, match="verdict = 'wrong'"):
        Check("id", "statement", "calculation", "wrong")


# half a unit of the last digit over sqrt(3): 0.5*0.1/1.7320508 = 0.0288675
@pytest.mark.parametrize(
    ("value", "unit_of_last_digit"),
    [(181.6, 0.1), (0.145, 0.001), (5.2e-4, 1e-5), (10.0, 1.0), (74.0, 1.0), (5.16e-10, 1e-12)],
)
def test_the_uncertainty_of_a_printed_number_is_half_a_digit_over_root_three(value, unit_of_last_digit):
    assert rounding_std(value) == pytest.approx(unit_of_last_digit * 0.28867513, rel=1e-7)


def test_uncertainties_propagate_to_first_order():
    # quotient 0.589/0.145: relative 0.00028868*sqrt(1/0.589^2 + 1/0.145^2) = 0.0020502; x 4.06207 = 0.0083282
    found = propagated(Paper(load_observations()), ("tafel.i0.10kco", "tafel.i0.li"), lambda a, b: a / b)
    assert found.std == pytest.approx(0.0083282, rel=1e-3)


def test_a_quantity_is_read_from_the_conditions():
    # 0.8 mA/cm^2 = 8 A/m^2
    assert Paper(load_observations()).condition("v.0.0.8.60C.short", "mA/cm^2") == pytest.approx(8.0)


def test_conditions_without_the_quantity_are_named():
    with pytest.raises(InvalidInput, match=r"names no quantity in mA/cm\^2"):
        Paper(load_observations()).condition("asr.0", "mA/cm^2")
