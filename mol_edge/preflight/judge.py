"""What the figures mean for micro-expressions.

Between two sampled frames a micro-movement is 0.1 to 0.4 pixels of the 128 crop; 8 samples must fit
the model's window of 350 ms.
"""

from __future__ import annotations

from mol_edge.preflight.light import Light
from mol_edge.preflight.noise import Noise
from mol_edge.preflight.report import FaceView, Finding, Verdict
from mol_edge.preflight.timing import Timing

_LEAST_FPS, _GOOD_FPS = 20.0, 28.0
_GOOD_NOISE_PX, _MOST_NOISE_PX = 0.06, 0.15
_GOOD_FLICKER, _MOST_FLICKER = 1.0, 10.0
_STATE_ADVICE = {
    "too_small": "move the camera closer or use a longer lens",
    "turned_away": "put the camera in front of the face",
    "blurred": "focus the lens, clean it, or shorten the exposure",
}


def _grade(value: float, good: float, most: float) -> Verdict:
    if value <= good:
        return Verdict.GOOD
    return Verdict.POOR if value <= most else Verdict.UNFIT


def judge_timing(timing: Timing) -> list[Finding]:
    """Rate, regularity and repeated pictures."""
    period_ms = 1e3 / timing.fps if timing.fps else float("inf")
    rate = _grade(-timing.fps, -_GOOD_FPS, -_LEAST_FPS)
    repeated = f", {timing.repeated:.0%} of the pictures repeated" if timing.repeated > 0.02 else ""
    advice = {
        Verdict.GOOD: "",
        Verdict.POOR: "raise it to 60 for movements shorter than 300 ms",
        Verdict.UNFIT: "8 samples do not fit the window of 350 ms: raise the rate, or the light if "
        "the camera lowers its rate in the dark",
    }
    irregular = max(
        _grade(timing.jitter_ms / period_ms, 0.25, 1.0), _grade(timing.missed, 0.02, 0.2), key=_rank
    )
    return [
        Finding(
            "frame rate",
            rate,
            f"{timing.fps:.1f} per second{repeated}",
            f"{_LEAST_FPS:.0f} at least, {_GOOD_FPS:.0f} or more",
            advice[rate],
        ),
        Finding(
            "regularity",
            irregular,
            f"95% within {timing.jitter_ms:.1f} ms, {timing.missed:.1%} missed",
            "a quarter of a frame's time, 2%",
            _unless_good(
                irregular,
                "fix the camera's rate and exposure, and give it a bus and a network of its own",
            ),
        ),
    ]


def judge_light(light: Light) -> list[Finding]:
    """Flicker, drift, darkness and clipping."""
    flicker = _grade(light.flicker_percent, _GOOD_FLICKER, _MOST_FLICKER)
    lamp = f" (lamps of {light.mains_hz:.0f} flashes per second)" if light.mains_hz else ""
    advice = ""
    if flicker is not Verdict.GOOD and light.mains_hz:
        advice = (
            f"set the camera's anti-flicker to {light.mains_hz / 2:.0f} Hz, or its exposure to a "
            f"multiple of {1e3 / light.mains_hz:.1f} ms, or use lamps that do not flicker"
        )
    elif flicker is not Verdict.GOOD:
        advice = "lock the camera's exposure and look for lamps or screens that change"
    bad_level = not 40 <= light.luma <= 220 or light.clipped > 0.1
    findings = [
        Finding(
            "flicker",
            flicker,
            f"{light.flicker_percent:.1f}%"
            + _unless_good(flicker, f" at {light.flicker_hz:.1f} Hz{lamp}"),
            f"{_GOOD_FLICKER:g}% at most",
            advice,
        ),
        Finding(
            "brightness",
            Verdict.POOR if bad_level else Verdict.GOOD,
            f"{light.luma:.0f} of 255, {light.clipped:.0%} clipped",
            "40 to 220, 10% clipped",
            "change the light or the exposure" if bad_level else "",
        ),
    ]
    if light.drift_percent > 5:
        findings.append(
            Finding(
                "steady exposure",
                Verdict.POOR,
                f"{light.drift_percent:.0f}% slow change",
                "5%",
                "lock the camera's exposure and white balance",
            )
        )
    return findings


def judge_noise(noise: Noise, skipped: float) -> list[Finding]:
    """Apparent motion, the face's own, and what compression takes away."""
    verdict = _grade(noise.noise_px, _GOOD_NOISE_PX, _MOST_NOISE_PX)
    still = _grade(noise.head_px, 0.5, float("inf"))
    return [
        Finding(
            "motion noise",
            verdict,
            f"{noise.noise_px:.3f} crop pixels in {noise.span_ms:.0f} ms",
            f"{_GOOD_NOISE_PX:g}, since 0.1 to 0.4 matter",
            _unless_good(
                verdict, "more light, less gain, a larger face, less sharpening in the camera"
            ),
        ),
        Finding(
            "stillness",
            still,
            f"{noise.head_px:.2f} crop pixels in {noise.span_ms:.0f} ms",
            "0.5",
            _unless_good(
                still, "fix the camera firmly and measure again while the face is held still"
            ),
        ),
        judge_compression(skipped),
    ]


def judge_compression(skipped: float) -> Finding:
    """What is lost where pictures are not new."""
    verdict = _grade(skipped, 0.9, 1 - 1e-9)
    advice = {
        Verdict.GOOD: "",
        Verdict.POOR: "small movements are lost in it: raise the bit rate or the quality, and "
        "switch noise reduction over time off",
        Verdict.UNFIT: "the same picture comes again and again: check the camera and its driver",
    }
    return Finding(
        "new pixels",
        verdict,
        f"{1 - skipped:.0%} of the blocks new",
        "10% at least",
        advice[verdict],
    )


def judge_face(face: FaceView) -> list[Finding]:
    """Size, pose and sharpness of the face, and whether it was there."""
    if face.state != "tracked":
        size = Verdict.UNFIT
        measured = f"{face.width_px:.0f} pixels wide, {face.state.replace('_', ' ')}"
        advice = _STATE_ADVICE.get(face.state, "show one face")
    else:
        size = Verdict.GOOD if face.enlarged <= 1.25 else Verdict.POOR
        measured = f"{face.width_px:.0f} pixels wide, eyes {face.eye_px:.0f} apart"
        advice = "" if size is Verdict.GOOD else _STATE_ADVICE["too_small"]
    findings = [Finding("face", size, measured, "eyes 45 pixels apart, frontal, sharp", advice)]
    if face.found < 0.8:
        findings.append(
            Finding(
                "presence",
                Verdict.POOR,
                f"a face at {face.found:.0%} of the looks, none at {_listed(face.absent_s)} s",
                "all",
                "keep the face in view and measure again, since all figures count what came "
                "without it too",
            )
        )
    return findings


def judge_turn(turn: int) -> list[Finding]:
    """Whether the face is upright; nothing to say where it is."""
    if turn == 0:
        return []
    lies = "upside down" if turn == 180 else "on its side"
    return [Finding("upright", Verdict.UNFIT, f"a face {lies}", "upright", _advised(turn))]


def no_face(seconds: float, turn: int = 0) -> Finding:
    """The finding where there is nothing to measure, unless by a turn."""
    return Finding(
        "face",
        Verdict.UNFIT,
        f"none in {seconds:.1f} s",
        "one, frontal, held still",
        _advised(turn) if turn else "show one face, upright and lit, or try another --detector",
    )


def _advised(turn: int) -> str:
    return f"turn the camera, or its pictures with --rotate {turn}: then a face is seen upright"


def _listed(seconds: tuple[float, ...]) -> str:
    return ", ".join(f"{each:.1f}" for each in seconds)


def _unless_good(verdict: Verdict, text: str) -> str:
    return "" if verdict is Verdict.GOOD else text


def _rank(verdict: Verdict) -> int:
    return list(Verdict).index(verdict)
