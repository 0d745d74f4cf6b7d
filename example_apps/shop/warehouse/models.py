import uuid

from django.db import models


def new_tracking() -> str:
    return f"TD-{uuid.uuid4().hex[:10].upper()}"


class Shelf(models.Model):
    product = models.SlugField(primary_key=True)
    stock = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "shelves"

    def __str__(self) -> str:
        return self.product


class Parcel(models.Model):
    order = models.BigIntegerField(unique=True)
    tracking = models.CharField(max_length=40, default=new_tracking)

    def __str__(self) -> str:
        return self.tracking
