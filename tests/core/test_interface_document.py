"""Interfaces in a document: what is read, round trips, refusals with the entry's path."""

from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garnetlab.core import (
    ContactEntry,
    DiscContact,
    FaceEntry,
    ImageContact,
    ImpedanceEntry,
    InterfaceEntry,
    InvalidInput,
    RandomContact,
    RoughContact,
    StudyDocument,
    json_schema,
    load_document,
    parse_document,
    save_document,
)

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
ONE = {
    "contact": {"full": True},
    "period": "100 um",
    "thickness": "1 mm",
    "conductivity": "5e-4 S/cm",
    "charge_transfer_resistance": "10 ohm cm^2",
}
RANDOM = {"fraction": 0.3, "correlation_length": "5 um"}
ROUGH = {
    "hurst": 0.8, "rms_slope": 0.1, "roll_off": "0.3 rad/um", "cut_off": "1.5 rad/um", "pressure": "1 MPa",
    "effective_modulus": "8.7 GPa",
}  # fmt: skip


def entry(**changes: object) -> dict[str, object]:
    """Return an interface with entries changed, or left out where the new value is None."""
    return {k: v for k, v in {**ONE, **changes}.items() if v is not None}


def parsed(**changes: object) -> InterfaceEntry:
    return parse_document({"schema": "garnetlab/1", "interfaces": {"a": entry(**changes)}}).interfaces["a"]


def refusal(**changes: object) -> str:
    with pytest.raises(InvalidInput) as caught:
        parsed(**changes)
    assert "\n" not in str(caught.value)
    assert "pydantic" not in str(caught.value)
    return str(caught.value)


LENGTHS = st.floats(1e-7, 1e-2)
SHARES = st.floats(1e-3, 1.0)
ROUGHNESS = st.sampled_from([{"rms_slope": 0.1}, {"rms_height": 1e-7}])
SOURCES = st.one_of(
    st.builds(RandomContact, fraction=SHARES, correlation_length=LENGTHS, seed=st.integers(0, 2**40)).map(
        lambda random: {"random": random}
    ),
    st.builds(DiscContact, radius=LENGTHS, columns=st.none() | st.integers(1, 9)).map(lambda discs: {"discs": discs}),
    st.builds(
        lambda rough, hurst, pressure, hardness: RoughContact(
            **rough, hurst=hurst, roll_off=1e5, cut_off=1e6, pressure=pressure, effective_modulus=8e9, hardness=hardness
        ),
        ROUGHNESS, st.floats(0.1, 0.9), st.floats(1e3, 1e9), st.none() | st.floats(1e5, 1e9),
    ).map(lambda rough: {"rough": rough}),
    st.builds(ImageContact, path=st.just("a.png"), contact=st.sampled_from(["bright", "dark"]),
              threshold=st.none() | st.floats(0, 255)).map(lambda image: {"image": image}),
    st.just({"full": True}),
)  # fmt: skip
CONTACTS = SOURCES.map(lambda source: ContactEntry(**source))


@st.composite
def interfaces(draw: st.DrawFn) -> InterfaceEntry:
    linear = draw(st.booleans())
    law = {"charge_transfer_resistance": 1e-3} if linear else {"exchange_current_density": draw(st.floats(1e-3, 1e3))}
    second = st.none() | st.builds(FaceEntry, contact=CONTACTS, **{k: st.just(v) for k, v in law.items()})
    sweep = st.builds(
        ImpedanceEntry, area=st.floats(1e-6, 1e-2), high=st.floats(10.0, 1e9), low=st.floats(1e-3, 1.0),
        gap=st.none() | st.floats(1e-9, 1e-5), permittivity=st.none() | st.floats(1.0, 500.0),
        grain_boundary_share=st.floats(0.0, 1.0), double_layer_capacitance=st.floats(1e-6, 10.0),
    )  # fmt: skip
    return InterfaceEntry(
        contact=draw(CONTACTS), thickness=draw(LENGTHS), period=draw(LENGTHS), pixels=draw(st.integers(1, 8192)),
        mirror=draw(st.booleans()), conductivity=draw(st.floats(1e-6, 1e2)), temperature=draw(st.floats(200.0, 500.0)),
        second=draw(second), impedance=draw(st.none() | sweep), voltage=draw(st.floats(1e-3, 5.0)),
        tolerance=draw(st.floats(1e-12, 1e-3)), **law,
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(interfaces())
def test_an_interface_written_and_read_again_is_equal_and_satisfies_the_schema(tmp_path_factory, interface):
    document = StudyDocument(schema="garnetlab/1", interfaces={"a": interface})
    VALIDATOR.validate(document.to_dict())
    path = tmp_path_factory.mktemp("interface") / "a.toml"
    save_document(document, path)
    again = load_document(path)
    assert again == document
    assert again.digest() == document.digest()


def test_quantities_are_si_in_memory():
    found = parsed(
        contact={"rough": {**ROUGH, "hardness": "2.3 MPa"}}, pixels=64, temperature="25 degC", film_resistance="2 ohm cm^2",
        impedance={"area": "0.785 cm^2", "gap": "50 nm", "double_layer_capacitance": "5 uF/cm^2"},
    )  # fmt: skip
    rough, sweep = found.contact.rough, found.impedance
    assert rough is not None
    assert sweep is not None
    assert (found.period, found.thickness, found.conductivity) == (1e-4, 1e-3, 0.05)
    assert (found.film_resistance, found.temperature) == (2e-4, 298.15)
    assert (rough.roll_off, rough.effective_modulus, rough.hardness) == (3e5, 8.7e9, 2.3e6)
    assert (sweep.area, sweep.gap, sweep.double_layer_capacitance) == (7.85e-5, 5e-8, 0.05)


def test_the_digest_of_an_interface_does_not_depend_on_its_units():
    one, other = (
        parse_document({"schema": "garnetlab/1", "interfaces": {"a": entry(**e)}})
        for e in ({}, {"period": "0.1 mm", "thickness": "1000 um", "charge_transfer_resistance": "1e-3 ohm m^2"})
    )
    assert one.digest() == other.digest()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"thicknss": "1 mm"}, "interfaces.a.thicknss: unknown field. Did you mean 'thickness'?"),
        ({"thickness": None, "thicknss": "1 mm"},
         "interfaces.a.thickness: missing. Add it to the document. Is it what you mean by 'thicknss'?"),
        ({"thickness": None}, "interfaces.a.thickness: missing. Add it to the document."),
        ({"contact": {"random": {**RANDOM, "sed": 1}}},
         "interfaces.a.contact.random.sed: unknown field. Did you mean 'seed'?"),
        ({"contact": {"rondom": RANDOM}}, "interfaces.a.contact.rondom: unknown field. Did you mean 'random'?"),
        ({"impedance": {"area": "1 cm^2", "gab": "1 nm"}},
         "interfaces.a.impedance.gab: unknown field. Did you mean 'gap'?"),
        ({"second": {"contact": {"full": True}, "film_resistence": 1}},
         "interfaces.a.second.film_resistence: unknown field. Did you mean 'film_resistance'?"),
        ({"thickness": "1 V"}, "interfaces.a.thickness = '1 V': expected a quantity like '1 mm', got the unit 'V'."),
        ({"thickness": 1e-3}, "interfaces.a.thickness = 0.001: the unit is missing. Write for example '1 mm'."),
        ({"thickness": "0 mm"}, "interfaces.a.thickness = '0 mm': expected more than 0 mm."),
        ({"thickness": "1e9 mm"}, "interfaces.a.thickness = '1e+06 m': expected 1e-10 to 100 m. Check the unit."),
        ({"conductivity": "1e300 S/cm"}, "interfaces.a.conductivity = '1e+302 S/m': expected 1e-18 to 1e+09 S/m."),
        ({"temperature": "99999 degC"}, "interfaces.a.temperature = '100272 K': expected 1 to 2000 K."),
        ({"symmetry": 1.0}, "interfaces.a.symmetry = '1': expected 0 to below 1."),
        ({"tolerance": 0.5}, "interfaces.a.tolerance = '0.5': expected 1e-15 to 0.01."),
        ({"voltage": "1 kV"}, "interfaces.a.voltage = '1000 V': expected 1e-15 to 100 V."),
        ({"mirror": "yes"}, "interfaces.a.mirror = 'yes': expected true or false."),
        ({"pixels": 9000}, "interfaces.a.pixels = 9000: input should be less than or equal to 8192."),
        ({"pixels": 12.5}, "interfaces.a.pixels = 12.5: expected a whole number."),
        ({"contact": {}}, "interfaces.a.contact = nothing given: expected exactly one of random, discs, rough, image, full"),
        ({"contact": {"full": False}}, "interfaces.a.contact = nothing given"),
        ({"contact": {"full": True, "random": RANDOM}}, "interfaces.a.contact = random and full given"),
        ({"contact": {"random": {**RANDOM, "fraction": 0}}},
         "interfaces.a.contact.random.fraction = 0: expected more than 0."),
        ({"contact": {"random": {**RANDOM, "fraction": "120 %"}}},
         "interfaces.a.contact.random.fraction = '1.2': expected 0 to 1."),
        ({"contact": {"random": {**RANDOM, "seed": -1}}},
         "interfaces.a.contact.random.seed = -1: input should be greater than or equal to 0."),
        ({"contact": {"random": RANDOM}}, "interfaces.a = no pixels given: expected how many pixels the map has"),
        ({"contact": {"rough": {**ROUGH, "rms_height": "1 um"}}, "pixels": 8},
         "interfaces.a.contact.rough = rms_slope and rms_height given: expected exactly one of"),
        ({"contact": {"rough": {**ROUGH, "cut_off": "0.1 rad/um"}}, "pixels": 8},
         "interfaces.a.contact.rough = cut_off of 100000 rad/m: expected at least the roll_off of 300000 rad/m."),
        ({"contact": {"image": {"path": "a.png", "scale": "1 um"}}},
         "interfaces.a = both of period and contact.image.scale given: expected one"),
        ({"period": None}, "interfaces.a = neither of period and contact.image.scale given: expected one"),
        ({"conductivity": None},
         "interfaces.a = nothing given: expected exactly one of conductivity, electrolyte"),
        ({"electrolyte": "LLZTO"}, "interfaces.a = conductivity and electrolyte given: expected exactly one"),
        ({"conductivity": None, "electrolyte": "LLZTO"},
         "interfaces.a = no temperature given: a conductivity from the library needs it."),
        ({"exchange_current_density": "1 mA/cm^2"},
         "interfaces.a = charge_transfer_resistance and exchange_current_density given"),
        ({"charge_transfer_resistance": None, "exchange_current_density": "1 mA/cm^2", "voltage": "1 V"},
         "interfaces.a = no temperature given: the Butler-Volmer law needs it."),
        ({"charge_transfer_resistance": None, "exchange_current_density": "1 mA/cm^2", "temperature": "25 degC"},
         "interfaces.a = no current_density and no voltage given: Butler-Volmer kinetics need one"),
        ({"voltage": "1 V", "current_density": "1 mA/cm^2"},
         "interfaces.a = current_density and voltage given: expected at most one"),
        ({"second": {"contact": {"full": True}, "exchange_current_density": "1 mA/cm^2"}},
         "interfaces.a = second.exchange_current_density given but no exchange_current_density of the first face"),
        ({"second": {"contact": {"full": True}, "film_resistance": "1 ohm cm^2"}, "impedance": {"area": "1 cm^2"}},
         "interfaces.a = impedance and second.film_resistance given"),
        ({"impedance": {}}, "interfaces.a.impedance.area: missing."),
        ({"impedance": {"area": "1 cm^2", "gap": "1 nm", "gap_capacitance": "1 uF/cm^2"}},
         "interfaces.a.impedance = gap_capacitance and gap given: expected at most one"),
        ({"impedance": {"area": "1 cm^2", "low": "1 MHz"}},
         "interfaces.a.impedance = sweep from 1e+06 to 1e+06 Hz: expected low below high."),
        ({"impedance": {"area": "1 cm^2", "high": "1e14 Hz"}},
         "interfaces.a.impedance.high = '1e+14 Hz': expected 1e-09 to 1e+12 Hz."),
        ({"impedance": {"area": "1 cm^2", "permittivity": 0.5}},
         "interfaces.a.impedance.permittivity = 0.5: expected at least 1."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_path(changes, message):
    assert refusal(**changes).startswith(message)


def test_the_first_error_of_several_says_how_many_more():
    assert refusal(thickness="1 V", period="1 V").endswith("(1 more)")
