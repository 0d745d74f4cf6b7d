from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from . import tasks
from .forms import OrderForm
from .models import Order, Product
from .packing import ask_to_pack


def products(request: HttpRequest) -> HttpResponse:
    return render(request, "orders/products.html", {"products": Product.objects.all()})


def product(request: HttpRequest, slug: str) -> HttpResponse:
    product = get_object_or_404(Product, slug=slug)
    form = OrderForm(request.POST or None, instance=Order(product=product))
    if not form.is_valid():
        return render(request, "orders/product.html", {"product": product, "form": form})
    with transaction.atomic():
        order = form.save()
        tasks.confirm.enqueue(order.pk)
        ask_to_pack(order)
    return redirect(order)


def order(request: HttpRequest, reference: UUID) -> HttpResponse:
    order = get_object_or_404(Order.objects.select_related("product"), reference=reference)
    return render(request, "orders/order.html", {"order": order})
