import pytest

from training.data.naming import NAMINGS


@pytest.mark.parametrize(
    ("dataset", "stem", "number"),
    [
        ("casme2", "img1", 1),
        ("casme2", "reg_img046", 46),
        ("casme2", "image1", None),
        ("samm", "006_05562", 5562),
        ("samm", "05562", 5562),
        ("samm", "img5", None),
        ("smic", "image090823", 90823),
        ("smic", "reg_image090823", 90823),
        ("smic", "img1", None),
    ],
)
def test_frame_numbers(dataset, stem, number):
    assert NAMINGS[dataset].frame_number(stem) == number


@pytest.mark.parametrize(
    ("dataset", "folder", "subject"),
    [
        ("casme2", "01_EP19_05f", "01"),
        ("casme2", "26_EP18_49", "26"),
        ("samm", "006_1_2", "006"),
        ("smic", "s9_sur_03", "s9"),
        ("smic", "s11_ne_01", "s11"),
        ("smic", "s9_fear_03", None),
        ("casme2", "006_1_2", None),
    ],
)
def test_subjects_of_clip_folders(dataset, folder, subject):
    naming = NAMINGS[dataset]
    match = naming.clip.fullmatch(folder)
    assert (naming.subject_id(match[1]) if match else None) == subject
