"""What the labs have in common whose sides A and B are two `Config`s."""

from dqnlib.config import Config
from dqnlib.labs.frame import Lab
from dqnlib.labs.texts import letter

Choices = dict[str, tuple[str, list]]  # what a control of each setting is called, and its values


def is_steady(config: Config) -> bool:
    """Whether the learning rate is the same from the first step to the last."""
    return config.learning_rate == config.final_learning_rate


def changed(config: Config, field: str, value, steady: bool) -> Config:
    """Return the settings with one changed.

    steady: a new learning rate is to hold to the end; else it goes on to the final one.
    """
    more = {"final_learning_rate": value} if steady and field == "learning_rate" else {}
    return config.replace(**{field: value}, **more)


def shown(value) -> str:
    """Return the value of a setting as a control shows it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return "–".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if _number(value) else value


def _number(value) -> bool:
    return isinstance(value, int | float)


def settings_row(lab: Lab, side: str, config: Config, choices: Choices):
    """Return one side's row of controls: buttons for two or three values, else a slider.

    The worker gets ``change("A.gamma", value)``.
    """
    controls = [lab._w.HTML(letter(side), layout={"width": "26px"})]
    for field, (label, values) in choices.items():
        now, key = getattr(config, field), f"{side}.{field}"
        if now not in values:
            values = sorted([*values, now]) if _number(now) else [*values, now]
        options = [(shown(value), value) for value in values]
        if len(options) > 3:
            controls.append(lab.choice(key, label, options, now))
            continue
        few = lab._w.ToggleButtons(
            options=options, value=now, description=label,
            style={"description_width": "84px", "button_width": "60px"},
            layout={"flex": "1 1 205px", "width": "auto"},
        )  # fmt: skip
        controls.append(lab.control(key, few))
    return lab.row(*controls)
