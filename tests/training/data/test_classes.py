import pytest

from mol_edge.errors import OptionError
from training.data.classes import class_names, label_of, normal_emotion


@pytest.mark.parametrize(
    ("emotion", "dataset", "classes", "name"),
    [
        ("happiness", "casme2", 5, "happiness"),
        ("repression", "casme2", 5, "repression"),
        ("others", "casme2", 5, "others"),
        ("sadness", "casme2", 5, None),
        ("fear", "casme2", 5, None),
        ("Anger", "samm", 5, "anger"),
        ("Contempt", "samm", 5, "contempt"),
        ("Other", "samm", 5, "others"),
        ("Disgust", "samm", 5, None),
        ("repression", "casme2", 3, "negative"),
        ("fear", "samm", 3, "negative"),
        ("happiness", "samm", 3, "positive"),
        ("surprise", "casme2", 3, "surprise"),
        ("others", "casme2", 3, None),
        ("positive", "smic", 3, "positive"),
        ("negative", "casme2", 5, None),
        ("", "casme2", 3, None),
    ],
)
def test_each_emotion_has_its_class_or_none(emotion, dataset, classes, name):
    label = label_of(emotion, dataset, classes)
    assert (None if label is None else class_names(dataset, classes)[label]) == name


def test_class_sets_are_those_of_the_papers():
    assert set(class_names("casme2", 5)) == {
        "happiness", "disgust", "repression", "surprise", "others",
    }  # fmt: skip
    assert set(class_names("samm", 5)) == {"anger", "contempt", "happiness", "surprise", "others"}
    assert set(class_names("smic", 3)) == {"negative", "positive", "surprise"}


def test_smic_has_no_five_classes():
    with pytest.raises(OptionError, match="smic has no set of 5 classes"):
        class_names("smic", 5)


def test_spellings_are_joined():
    assert normal_emotion(" OTHER ") == normal_emotion("Others") == "others"
