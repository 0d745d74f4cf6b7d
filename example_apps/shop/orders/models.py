import uuid
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse


class Product(models.Model):
    name = models.CharField(max_length=80)
    slug = models.SlugField(unique=True)
    description = models.CharField(max_length=200)
    price = models.DecimalField(max_digits=8, decimal_places=2)

    class Meta:
        ordering = ("-price",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("product", args=[self.slug])


class Order(models.Model):
    class State(models.TextChoices):
        PLACED = "placed"
        PACKED = "packed"
        STUCK = "stuck"

    # Whoever has the link sees the order: its number could be guessed.
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    product = models.ForeignKey(Product, models.PROTECT)
    quantity = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(99)])
    email = models.EmailField("e-mail")
    state = models.CharField(max_length=10, choices=State, default=State.PLACED)
    tracking = models.CharField(max_length=40, blank=True)
    problem = models.CharField(max_length=200, blank=True)
    placed_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField("warehouse asked at", null=True)

    class Meta:
        ordering = ("-placed_at",)

    def __str__(self) -> str:
        return f"order {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("order", args=[self.reference])

    @property
    def total(self) -> Decimal:
        return self.product.price * self.quantity

    @property
    def is_settled(self) -> bool:
        """Whether the page of the order has nothing to wait for."""
        return self.confirmed_at is not None and self.state != self.State.PLACED
